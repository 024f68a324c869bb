import type { ServerResponse } from 'node:http';

/**
 * Writes a response as fast as its client reads, and to its end.
 * @throws when the body breaks off, or when the client reads nothing for `stallTimeout` milliseconds.
 */
export async function send(
  response: Response,
  outgoing: ServerResponse,
  left: AbortSignal,
  stallTimeout: number,
): Promise<void> {
  const reader = response.body?.getReader();
  const cancel = () => void reader?.cancel(left.reason).catch(() => {});
  if (left.aborted) return cancel();
  left.addEventListener('abort', cancel, { once: true });
  let flush: NodeJS.Immediate | undefined;
  try {
    outgoing.writeHead(response.status, headersOf(response, outgoing));
    // The headers of a stream do not wait for its first event, but leave with it when it is there already.
    if (response.headers.get('content-type')?.startsWith('text/event-stream'))
      flush = setImmediate(() => outgoing.flushHeaders());
    for (;;) {
      const chunk = await reader?.read();
      clearImmediate(flush);
      if (!chunk || chunk.done || left.aborted) break;
      if (!outgoing.write(chunk.value)) await until(outgoing, 'drain', left, stallTimeout);
    }
    if (left.aborted) return;
    outgoing.end();
    await until(outgoing, 'finish', left, stallTimeout);
  } finally {
    clearImmediate(flush);
    left.removeEventListener('abort', cancel);
    await reader?.cancel().catch(() => {});
  }
}

function headersOf(response: Response, outgoing: ServerResponse): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  const { req } = outgoing;
  // A client that still waits for its `100 Continue` may or may not send its body now: what follows cannot be told apart.
  const unasked = req.headers.expect !== undefined && !req.complete && !outgoing.headersSent;
  return unasked && !req.readableDidRead ? { ...headers, connection: 'close' } : headers;
}

/** Resolves also when the client has left; rejects when it reads nothing for `limit` milliseconds. */
function until(
  outgoing: ServerResponse,
  event: 'drain' | 'finish',
  left: AbortSignal,
  limit: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      outgoing.removeListener(event, onEvent);
      left.removeEventListener('abort', onEvent);
      if (error) reject(error);
      else resolve();
    };
    const onEvent = () => settle();
    const onLate = () => {
      // Without a socket, a pipelined answer waits for those before it: not its client's doing.
      if (outgoing.socket) settle(new Error('The client stopped reading'));
      else timer.refresh();
    };
    const timer = setTimeout(onLate, limit);
    outgoing.once(event, onEvent);
    left.addEventListener('abort', onEvent, { once: true });
  });
}
