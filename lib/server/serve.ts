import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refuseOwnAddress } from './access/own-address.ts';
import { createApp } from './app.ts';
import { type Calls, createCalls } from './calls.ts';
import { type AnswerOptions, resolveHandler } from './default-handler.ts';
import { type Exchange, refusedExchange } from './exchange.ts';
import { followCalls } from './follow-calls.ts';
import { listen } from './listen.ts';
import { logExchange } from './log.ts';
import { createServerMetrics } from './metrics.ts';
import { malformed, toNodeHandler } from './node-handler.ts';
import { resolveServerOptions, type ServerOptions } from './options.ts';
import { checkExposure, createReadiness } from './sign-in.ts';
import { createTrace } from './trace.ts';

export interface ServeOptions extends ServerOptions, AnswerOptions {}

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8787`, without a slash at the end. */
  readonly url: string;
  /** Stops listening, lets running answers end for `grace` milliseconds, then ends them. A `pool` stays open. */
  close(options?: { grace?: number }): Promise<void>;
}

/**
 * Serves a handler of the Messages API over HTTP, with health, metrics and an OpenAI-compatible endpoint beside it.
 *
 * @throws {InvalidOptionError} when an option is wrong, or when it would open the server to others without a token or
 * with a personal plan; the listen error, for example `EADDRINUSE`.
 */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  const { server: resolved, rest } = resolveServerOptions(options);
  const { host, logger, timeout, stallTimeout, grace } = resolved;
  const answering = await resolveHandler(rest, resolved.maxBodySize);
  const { handler, limiter, checkSignIn } = answering;
  if (!rest.handler) refuseOwnAddress(resolved, { ...process.env, ...rest.env });
  await checkExposure(resolved, checkSignIn);

  const onEnd = (exchange: Exchange) => {
    metrics.observe(exchange);
    const endedAt = performance.now();
    followed.whenTold(exchange, () => logExchange(logger, exchange, endedAt));
  };
  const onFailure = (exchange: Exchange, error: unknown) =>
    logger.error({ id: exchange.id, error: nameOf(error) }, 'failure');
  const onRefused = (status: number) => {
    const exchange = refusedExchange(status);
    onEnd(exchange);
    return exchange.id;
  };
  const trace = createTrace(logger, resolved.logContent);
  const calls = createCalls({ handler, timeout, trace, onEnd, onFailure });
  const metrics = createServerMetrics({ limiter, pool: rest.pool, running: () => calls.size });
  const followed = followCalls(trace);
  const readiness = createReadiness(checkSignIn);
  let warming = true;
  const whyNotReady = async () => {
    if (calls.draining) return 'the server is shutting down';
    return (await readiness()) ?? (warming ? 'the first workers are starting' : undefined);
  };
  const app = createApp({ ...resolved, calls, whyNotReady, metrics: metrics.respond, onEnd, onFailure });

  const cleanUp = async () => {
    await answering.close();
    followed.close();
    metrics.close();
  };
  const onMalformed = () => malformed({ 'request-id': onRefused(400) });
  const listener = toNodeHandler(app, { stallTimeout, onMalformed });
  const server = await listen(listener, { ...resolved, onRefused }).catch(async error => {
    await cleanUp();
    throw error;
  });
  // A worker that cannot start is for the first request, or for /ready, to tell.
  const warmed = answering.warmUp().catch(() => {});
  void warmed.then(() => {
    warming = false;
  });

  let closed: Promise<void> | undefined;
  const close = (limit = grace) => {
    closed ??= (async () => {
      await stop(server, calls, limit);
      await warmed;
      await cleanUp();
    })();
    return closed;
  };
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: ({ grace: limit } = {}) => close(limit),
    [Symbol.asyncDispose]: () => close(),
  };
}

async function stop(server: Server, calls: Calls, grace: number): Promise<void> {
  const ended = new Promise<void>(resolve => server.close(() => resolve()));
  await calls.drain(grace);
  // What was written may still be on its way to a client that reads slowly.
  const late = setTimeout(() => server.closeAllConnections(), 2_000);
  server.closeIdleConnections();
  await ended;
  clearTimeout(late);
}

/** An error's message may hold a prompt or a path; its name and code do not. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error ? `${error.name} ${String(error.code)}` : error.name;
}
