import type { AddressInfo } from 'node:net';
import { type CheckCliOptions, checkCli } from '../cli/status.ts';
import { createLimiter, type Limiter } from '../limiter.ts';
import { createHandler } from '../messages/handler.ts';
import type { HandlerOptions } from '../messages/options.ts';
import { createApp } from './app.ts';
import { createCalls } from './calls.ts';
import type { Exchange } from './exchange.ts';
import { followCalls } from './follow-calls.ts';
import { listen } from './listen.ts';
import { logExchange } from './log.ts';
import { createServerMetrics } from './metrics.ts';
import { type Handler, toNodeHandler } from './node-handler.ts';
import { resolveServerOptions, type ServerOptions } from './options.ts';
import { type CheckSignIn, checkExposure, createReadiness } from './sign-in.ts';
import { createTrace } from './trace.ts';

export interface ServeOptions extends ServerOptions, Omit<HandlerOptions, 'timeout' | 'maxBodyLength'> {
  /** Answers the Messages API. Default: `createHandler()`, with what of these options is not the server's own. */
  handler?: Handler;
  /** Who shares the slots. Default: one limiter for this server, in which 100 calls may wait. */
  limiter?: Limiter;
  /** How to find out how the CLI is signed in. Default: `checkCli()`. */
  checkSignIn?: CheckSignIn;
}

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8787`, without a slash at the end. */
  readonly url: string;
  /** Stops listening, lets running answers end for `grace` milliseconds, then ends them. */
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
  const { handler: given, limiter = createLimiter({ maxWaiting }), checkSignIn: ask, ...cli } = rest;
  const handler = given ?? createHandler({ ...cli, limiter, maxBodyLength: resolved.maxBodySize });
  const checkSignIn = ask ?? (() => checkCli(toCheck(cli)));
  await checkExposure(resolved, checkSignIn);

  const onEnd = (exchange: Exchange) => {
    metrics.observe(exchange);
    const endedAt = performance.now();
    followed.whenTold(exchange, () => logExchange(logger, exchange, endedAt));
  };
  const onFailure = (exchange: Exchange, error: unknown) =>
    logger.error({ id: exchange.id, error: nameOf(error) }, 'failure');
  const calls = createCalls({
    handler,
    timeout,
    trace: createTrace(logger, resolved.logContent),
    onEnd,
    onFailure,
  });
  const metrics = createServerMetrics({ limiter, pool: cli.pool, running: () => calls.size });
  const followed = followCalls();
  const readiness = createReadiness(checkSignIn);
  const app = createApp({
    ...resolved,
    calls,
    whyNotReady: async () => (calls.draining ? 'the server is shutting down' : readiness()),
    metrics: metrics.respond,
    onEnd,
    onFailure,
  });

  const stopListening = () => {
    followed.close();
    metrics.close();
  };

  const server = await listen(toNodeHandler(app, { stallTimeout }), resolved).catch(error => {
    stopListening();
    throw error;
  });
  let closed: Promise<void> | undefined;
  const close = (limit = grace) => {
    closed ??= (async () => {
      const ended = new Promise<void>(resolve => server.close(() => resolve()));
      await calls.drain(limit);
      // What was written may still be on its way to a client that reads slowly.
      const late = setTimeout(() => server.closeAllConnections(), 2_000);
      server.closeIdleConnections();
      await ended;
      clearTimeout(late);
      stopListening();
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

/** Calls that wait for a slot before the next one is told to come back later. */
const maxWaiting = 100;

function toCheck({ env, pathToClaudeCodeExecutable: path }: HandlerOptions): CheckCliOptions {
  return { ...(env && { env }), ...(path !== undefined && { pathToClaudeCodeExecutable: path }) };
}

/** An error's message may hold a prompt or a path; its name and code do not. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error ? `${error.name} ${String(error.code)}` : error.name;
}
