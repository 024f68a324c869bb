import { requestWith } from '../request-with.ts';
import { errorResponse } from './error-response.ts';
import type { Exchange } from './exchange.ts';
import { current } from './follow-calls.ts';
import type { Handler } from './node-handler.ts';
import { createObserver } from './observe.ts';
import type { Trace } from './trace.ts';
import { CutShort, watchAnswer } from './watch-answer.ts';

/** The calls of the handler that are running. */
export interface Calls {
  readonly size: number;
  readonly draining: boolean;
  /** Lets the handler answer and follows the answer to its end. Never rejects. */
  answer(call: Call, exchange: Exchange): Promise<Response>;
  has(exchange: Exchange): boolean;
  /** Takes no more calls, waits `grace` milliseconds for the running ones, then ends them. */
  drain(grace: number): Promise<void>;
}

/** What of a request reaches the handler. */
export interface Call {
  method: string;
  url: string;
  headers: Headers;
  body: Uint8Array<ArrayBuffer> | null;
  signal: AbortSignal;
}

export interface CallsOptions {
  handler: Handler;
  /** Milliseconds from the request to the end of its answer. */
  timeout: number;
  trace: Trace | undefined;
  onEnd(exchange: Exchange): void;
  onFailure(exchange: Exchange, error: unknown): void;
}

export function createCalls({ handler, timeout, trace, onEnd, onFailure }: CallsOptions): Calls {
  const running = new Map<Exchange, AbortController>();
  let draining = false;
  let whenIdle: (() => void) | undefined;

  const begin = (exchange: Exchange, left: AbortSignal) => {
    const cut = new AbortController();
    const gone = new AbortController();
    const follow = (event: Event) => gone.abort((event.target as AbortSignal).reason);
    left.addEventListener('abort', follow, { once: true });
    cut.signal.addEventListener('abort', follow, { once: true });
    const late = () => cut.abort(new CutShort(504, `The answer was not finished after ${timeout} ms`));
    const timer = setTimeout(late, timeout);
    if (left.aborted) gone.abort(left.reason);
    running.set(exchange, cut);

    const end = (outcome: Exchange['outcome'] & string) => {
      clearTimeout(timer);
      left.removeEventListener('abort', follow);
      exchange.outcome = outcome;
      running.delete(exchange);
      onEnd(exchange);
      if (running.size === 0) whenIdle?.();
    };
    return { cut: cut.signal, gone: gone.signal, end };
  };

  return {
    get size() {
      return running.size;
    },
    get draining() {
      return draining;
    },
    has: exchange => running.has(exchange),
    async answer({ method, url, headers, body, signal }, exchange) {
      if (draining) return errorResponse(503, undefined, { 'retry-after': '1', connection: 'close' });
      const { cut, gone, end } = begin(exchange, signal);
      for (const name of ownHeaders) headers.delete(name);
      const request = requestWith(gone, url, { method, headers, body });
      if (body) trace?.(exchange, 'request', Buffer.from(body).toString('utf8'));
      try {
        const response = await unlessAborted(gone, () => current.run(exchange, async () => handler(request)));
        exchange.status = response.status;
        const requestId = response.headers.get('request-id');
        if (requestId !== null) exchange.requestId = requestId;
        const contentType = response.headers.get('content-type') ?? '';
        exchange.stream = contentType.startsWith('text/event-stream');
        return watchAnswer(response, {
          cut,
          read: run => current.run(exchange, run),
          onPiece: createObserver(exchange, contentType, trace),
          onEnd: end,
        });
      } catch (error) {
        const [response, outcome] = toFailure(error, gone);
        if (outcome === 'failed') onFailure(exchange, error);
        exchange.status = response.status;
        end(outcome);
        return response;
      }
    },
    async drain(grace) {
      draining = true;
      const idle = new Promise<void>(resolve => {
        whenIdle = resolve;
        if (running.size === 0) resolve();
      });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, grace);
      });
      await Promise.race([idle, late]);
      clearTimeout(timer);
      for (const cut of running.values()) cut.abort(new CutShort(503, 'The server is shutting down'));
      await idle;
    },
  };
}

/** What a client says to this server alone (its token), or to one connection. */
const ownHeaders = ['authorization', 'x-api-key', 'cookie', 'connection', 'expect', 'transfer-encoding'];

/** A handler that is slow to notice an abort keeps nobody waiting; what it still returns is thrown away. */
async function unlessAborted(signal: AbortSignal, run: () => Promise<Response>): Promise<Response> {
  signal.throwIfAborted();
  let leave: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  const response = run();
  try {
    return await Promise.race([response, aborted]);
  } catch (error) {
    response.then(late => late.body?.cancel()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** 499 is what others' logs call a client that left; nobody receives it. */
function toFailure(error: unknown, gone: AbortSignal): [Response, 'cut' | 'client-left' | 'failed'] {
  const reason: unknown = gone.aborted ? gone.reason : error;
  if (reason instanceof CutShort) return [errorResponse(reason.status, reason.message), 'cut'];
  if (gone.aborted) return [errorResponse(499, 'The client closed the connection'), 'client-left'];
  return [errorResponse(500), 'failed'];
}
