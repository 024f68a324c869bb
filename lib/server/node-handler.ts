import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorResponse } from './error-response.ts';
import { requestWith } from './request-with.ts';

/** Answers one web `Request`. Aborting `request.signal` tells it that nobody waits any more. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A listener of `node:http`. It rejects never: what fails ends the connection. */
export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

/** Options of `toNodeHandler()`. */
export interface NodeHandlerOptions {
  /** Milliseconds a client may leave written data unread before it is cut off. Default: 60,000. */
  stallTimeout?: number;
}

/**
 * A handler as a listener for `node:http`, Express, Fastify and everything else that speaks Node's requests:
 *
 * ```ts
 * createServer(toNodeHandler(createHandler())).listen(8787, '127.0.0.1');
 * ```
 *
 * `request.signal` aborts when the client leaves, pipelined requests included. The response body is read only as fast
 * as the client takes it; a body that breaks off breaks the connection, so that half an answer never looks whole.
 */
export function toNodeHandler(
  handler: Handler,
  { stallTimeout = 60_000 }: NodeHandlerOptions = {},
): NodeHandler {
  return async (incoming, outgoing) => {
    const { left, leave, dispose } = watchClient(incoming, outgoing);
    try {
      const response = await answer(handler, incoming, outgoing, left);
      await send(response, outgoing, left, stallTimeout);
    } catch {
      leave();
      outgoing.destroy();
    } finally {
      // What nobody reads of a body is thrown away, so that the connection can be used again.
      incoming.resume();
      dispose();
    }
  };
}

async function answer(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  left: AbortSignal,
): Promise<Response> {
  const request = toRequest(incoming, outgoing, left);
  if (!request) return errorResponse(400, 'The request line or the Host header is malformed');
  try {
    return await handler(request);
  } catch {
    return errorResponse(500);
  }
}

/** A socket that closes takes all its requests with it: a pipelined one gets no event of its own. */
function watchClient({ socket }: IncomingMessage, outgoing: ServerResponse) {
  const controller = new AbortController();
  const leave = () => {
    if (!outgoing.writableFinished)
      controller.abort(new DOMException('The client closed the connection', 'AbortError'));
  };
  outgoing.once('close', leave);
  socket.setMaxListeners(socket.getMaxListeners() + 1);
  socket.once('close', leave);
  const dispose = () => {
    outgoing.removeListener('close', leave);
    socket.removeListener('close', leave);
    socket.setMaxListeners(socket.getMaxListeners() - 1);
  };
  if (socket.destroyed) leave();
  return { left: controller.signal, leave, dispose };
}

function toRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  left: AbortSignal,
): Request | undefined {
  const { method = 'GET', url = '/', headers, rawHeaders } = incoming;
  // `*` and whole URLs are for proxies; with `//host` or an odd Host header the URL would name another server.
  if (!/^\/(?![/\\])/.test(url) || !/^[\w.\-[\]:]+$/.test(headers.host ?? 'localhost')) return undefined;
  try {
    const pairs = new Headers();
    for (let index = 0; index + 1 < rawHeaders.length; index += 2)
      pairs.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
    const empty = method === 'GET' || method === 'HEAD';
    const body = empty ? null : bodyOf(incoming, outgoing);
    return requestWith(left, `http://${headers.host ?? 'localhost'}${url}`, { method, headers: pairs, body });
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

async function send(
  response: Response,
  outgoing: ServerResponse,
  left: AbortSignal,
  stallTimeout: number,
): Promise<void> {
  const reader = response.body?.getReader();
  const cancel = () => void reader?.cancel(left.reason).catch(() => {});
  if (left.aborted) return cancel();
  left.addEventListener('abort', cancel, { once: true });
  try {
    outgoing.writeHead(response.status, headersOf(response, outgoing));
    // An answer that is streamed shows its headers before its first event; any other leaves in one piece.
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) outgoing.flushHeaders();
    for (;;) {
      const chunk = await reader?.read();
      if (!chunk || chunk.done || left.aborted) break;
      if (!outgoing.write(chunk.value)) await drained(outgoing, left, stallTimeout);
    }
    if (!left.aborted) outgoing.end();
  } finally {
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
function drained(outgoing: ServerResponse, left: AbortSignal, limit: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      outgoing.removeListener('drain', onDrain);
      left.removeEventListener('abort', onDrain);
      if (error) reject(error);
      else resolve();
    };
    const onDrain = () => settle();
    const timer = setTimeout(() => settle(new Error('The client stopped reading')), limit);
    outgoing.once('drain', onDrain);
    left.addEventListener('abort', onDrain, { once: true });
  });
}
