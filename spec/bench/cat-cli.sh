#!/bin/sh
# A CLI that costs nothing: it answers control requests, and the first message with what $BENCH_PRINTER prints of $BENCH_LINES.
while read -r line; do
  case "$line" in
    *'"type":"control_request"'*)
      id=${line#*'"request_id":"'}
      id=${id%%'"'*}
      printf '{"type":"control_response","response":{"subtype":"success","request_id":"%s","response":{"version":"2.1.330"}}}\n' "$id"
      ;;
    *) exec "$BENCH_PRINTER" "$BENCH_LINES" ;;
  esac
done
