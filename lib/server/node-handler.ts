import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorResponse } from './error-response.ts';
import { send } from './send.ts';
import { toRequest } from './to-request.ts';

/** Answers one web `Request`. Aborting `request.signal` tells it that nobody waits any more. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A listener of `node:http`. It rejects never: what fails ends the connection. */
export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

/** Options of `toNodeHandler()`. */
export interface NodeHandlerOptions {
  /** Milliseconds a client may leave written data unread before it is cut off. Default: 60,000. */
  stallTimeout?: number;
  /** Answers what no `Request` can be made of: `OPTIONS *`, a whole URL, `TRACE`, an odd Host header. Default: 400. */
  onMalformed?: () => Response;
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
export function toNodeHandler(handler: Handler, options: NodeHandlerOptions = {}): NodeHandler {
  const { stallTimeout = 60_000, onMalformed = () => malformed() } = options;
  return async (incoming, outgoing) => {
    const { left, leave, dispose } = watchClient(incoming, outgoing);
    try {
      const request = toRequest(incoming, outgoing, left);
      const response = request ? await answer(handler, request) : onMalformed();
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

async function answer(handler: Handler, request: Request): Promise<Response> {
  try {
    return await handler(request);
  } catch {
    return errorResponse(500);
  }
}

export function malformed(headers: Record<string, string> = {}): Response {
  return errorResponse(400, 'The request line or the Host header is malformed', headers);
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
