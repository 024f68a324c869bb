import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestWith } from '../request-with.ts';

/** A web `Request` for one of Node's; undefined where there is none that means the same. */
export function toRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  left: AbortSignal,
): Request | undefined {
  const { method = 'GET', url = '/', headers, rawHeaders, httpVersion } = incoming;
  const host = headers.host ?? (httpVersion === '1.0' ? 'localhost' : '');
  // `*` and whole URLs are for proxies; with `//host` or an odd Host header the URL would name another server.
  if (!/^\/(?![/\\])/.test(url) || !/^[\w.\-[\]:]+$/.test(host)) return undefined;
  try {
    const pairs = new Headers();
    for (let index = 0; index + 1 < rawHeaders.length; index += 2)
      pairs.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
    const empty = method === 'GET' || method === 'HEAD';
    const body = empty ? null : bodyOf(incoming, outgoing);
    return requestWith(left, `http://${host}${url}`, { method, headers: pairs, body });
  } catch {
    return undefined;
  }
}

/** Read on demand. A client that asked `Expect: 100-continue` is told to go on only when somebody wants the body. */
function bodyOf(incoming: IncomingMessage, outgoing: ServerResponse): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Buffer> = incoming.iterator({ destroyOnReturn: false });
  let told = incoming.headers.expect?.toLowerCase() !== '100-continue';
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!told) outgoing.writeContinue();
        told = true;
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
