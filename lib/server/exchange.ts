import { randomUUID } from 'node:crypto';
import type { WorkerOrigin } from '../diagnostics.ts';

/** What is known of one request and its answer: what the log and the metrics tell. No content is in it. */
export interface Exchange {
  readonly id: string;
  /** The `request-id` of the response, where the handler gave it one of its own. */
  requestId?: string;
  readonly method: string;
  /** One of a few names, whatever the client wrote into its URL. */
  readonly route: Route;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  status: number;
  /** As the answer names it: a client cannot fill the metrics with names of its own. */
  model?: string;
  stream?: boolean;
  /** Milliseconds until the first piece of content. */
  firstTokenMs?: number;
  inputTokens?: number;
  outputTokens?: number;
  cacheReadInputTokens?: number;
  cacheCreationInputTokens?: number;
  stopReason?: string;
  errorType?: string;
  /** How the answer ended. */
  outcome?: 'complete' | 'client-left' | 'cut' | 'failed';
  /** US dollars at list prices, as the CLI computes them. */
  costUsd?: number;
  workerOrigin?: WorkerOrigin;
  /** Milliseconds in the waiting line. */
  waitMs?: number;
}

/** What Hono hands to each route. */
export interface AppEnvironment {
  Bindings: { exchange: Exchange };
}

export type Route = (typeof routes)[number] | 'batches' | 'model' | 'other';

const routes = [
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/models',
  '/v1/chat/completions',
  '/health',
  '/ready',
  '/metrics',
] as const;

export function startExchange({ method, url }: { method: string; url: string }): Exchange {
  return { ...newExchange(method), route: toRoute(new URL(url).pathname) };
}

/** Of a request that was refused before it was understood. */
export function refusedExchange(status: number): Exchange {
  return { ...newExchange('none'), status, outcome: 'complete' };
}

function newExchange(method: string): Exchange {
  const id = `req_${randomUUID().replaceAll('-', '')}`;
  return { id, method, route: 'other', startedAt: performance.now(), status: 0 };
}

function toRoute(pathname: string): Route {
  const known = routes.find(route => route === pathname);
  if (known) return known;
  if (pathname.startsWith('/v1/models/')) return 'model';
  return pathname.startsWith('/v1/messages/batches') ? 'batches' : 'other';
}
