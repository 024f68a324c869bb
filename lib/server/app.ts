import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { requestWith } from '../request-with.ts';
import { authorize, guardAgainstPages, type PageOptions } from './access/guard.ts';
import type { RateLimit } from './access/rate-limit.ts';
import type { Calls } from './calls.ts';
import { errorResponse } from './error-response.ts';
import { type AppEnvironment, type Exchange, startExchange } from './exchange.ts';
import type { Handler } from './node-handler.ts';
import { openaiRoutes } from './openai/routes.ts';
import { readBody } from './read-body.ts';

export interface AppOptions extends PageOptions {
  calls: Calls;
  tokens: readonly string[];
  rateLimit: RateLimit | undefined;
  /** Bytes. */
  maxBodySize: number;
  /** Why the server cannot answer now; undefined when it can. */
  whyNotReady(): Promise<string | undefined>;
  /** The metrics, as Prometheus reads them. */
  metrics(): Promise<Response>;
  /** Told of each request that the handler had no part in. */
  onEnd(exchange: Exchange): void;
  onFailure(exchange: Exchange, error: unknown): void;
}

/** Everything between the socket and the handler, as one handler: who may ask, what is asked, who answers. */
export function createApp(options: AppOptions): Handler {
  const { calls, tokens, rateLimit, maxBodySize, corsOrigins } = options;
  const app = new Hono<AppEnvironment>();

  app.use(guardAgainstPages(options));
  if (corsOrigins.length > 0)
    app.use(cors({ origin: [...corsOrigins], exposeHeaders: ['request-id', 'retry-after'] }));
  app.get('/', ({ json }) => json({ name: 'claude-cli-stream' }));
  app.get('/health', ({ json }) => json({ status: 'ok' }));
  app.get('/ready', async () => toReady(await options.whyNotReady()));
  app.use(authorize(tokens, rateLimit));
  app.get('/metrics', () => options.metrics());
  app.route('/v1', openaiRoutes({ calls, maxBodySize }));
  app.all('/v1/*', async ({ req: { raw }, env }) => {
    const body = await readBody(raw, maxBodySize);
    if (body instanceof Response) return body;
    const { method, url, headers, signal } = raw;
    return calls.answer({ method, url, headers, signal, body }, env.exchange);
  });
  app.notFound(() => errorResponse(404));
  app.onError((error, { req, env }) => {
    // A client that leaves while it sends its body makes reading it fail: nobody's fault, and nobody reads the answer.
    if (req.raw.signal.aborted) return errorResponse(499, 'The client closed the connection');
    options.onFailure(env.exchange, error);
    return errorResponse(500);
  });

  return async request => {
    const exchange = startExchange(request);
    const response = await app.fetch(withGet(request), { exchange });
    if (!calls.has(exchange) && exchange.outcome === undefined) {
      Object.assign(exchange, { status: response.status, outcome: 'complete' });
      options.onEnd(exchange);
    }
    addHeaders(response.headers, exchange, calls.draining);
    return response;
  };
}

/** `HEAD` is answered like `GET`, and Node leaves out the body. Hono would drop it unread: no end, no line in the log. */
function withGet(request: Request): Request {
  const { method, url, headers, signal } = request;
  return method === 'HEAD' ? requestWith(signal, url, { headers }) : request;
}

function toReady(why: string | undefined): Response {
  return why === undefined
    ? Response.json({ status: 'ready' })
    : Response.json({ status: 'not ready', reason: why }, { status: 503 });
}

function addHeaders(headers: Headers, { id, route }: Exchange, closing: boolean): void {
  if (!headers.has('request-id')) headers.set('request-id', id);
  // OpenAI's clients look for it under a name of their own.
  if (route === '/v1/chat/completions') headers.set('x-request-id', headers.get('request-id') ?? id);
  if (closing) headers.set('connection', 'close');
}
