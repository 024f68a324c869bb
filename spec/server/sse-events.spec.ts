import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEventReader, type SseEvent } from '../../lib/server/sse-events.ts';

function readIn(pieces: readonly Uint8Array[]): SseEvent[] {
  const read = createEventReader();
  return pieces.flatMap(piece => read(piece));
}

it('finds the same events wherever the pieces are cut', () => {
  const event = fc.record({
    name: fc.constantFrom('message_start', 'ping'),
    data: fc.string({ unit: 'grapheme' }),
  });
  const lineEnd = fc.constantFrom('\n', '\r\n');
  const cuts = fc.array(fc.nat(2_000));
  fc.assert(
    fc.property(fc.array(event), lineEnd, cuts, (events, end, at) => {
      const wanted = events.map(({ name, data }) => ({ name, data: JSON.stringify(data) }));
      const text = wanted.map(({ name, data }) => `event: ${name}${end}data: ${data}${end}${end}`).join('');
      const bytes = new TextEncoder().encode(text);
      const ends = [...new Set(at.filter(cut => cut < bytes.length))].sort((one, other) => one - other);
      const pieces = [...ends, bytes.length].map((cut, index) => bytes.subarray(ends[index - 1] ?? 0, cut));
      expect(readIn(pieces)).toEqual(wanted);
    }),
    { numRuns: 50 },
  );
});

it('passes over comments, and joins data of several lines', () => {
  const text =
    ': hello\n\nevent: a\n: note\ndata: 1\ndata:2\n\ndata: nameless\n\nevent: dataless\n\ndata: unfinished';
  expect(readIn([new TextEncoder().encode(text)])).toEqual([
    { name: 'a', data: '1\n2' },
    { name: 'message', data: 'nameless' },
  ]);
});
