import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { listen } from '../diagnostics.ts';
import type { Limiter } from '../limiter.ts';
import { registerPrometheusMetrics } from '../telemetry/prometheus.ts';
import type { PoolStats } from '../workers/pool.ts';
import type { Exchange } from './exchange.ts';

/** The server's metrics. */
export interface ServerMetrics {
  /** Counts a request that is over. */
  observe(exchange: Exchange): void;
  /** All metrics, as Prometheus reads them. */
  respond(): Promise<Response>;
  /** Stops listening to the core. */
  close(): void;
}

/** What is read off when somebody asks. */
export interface Gauges {
  limiter: Limiter;
  /** Calls whose answer is not over. */
  running(): number;
  pool: { readonly stats: PoolStats } | undefined;
}

const prefix = 'claude_cli_stream_';
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/**
 * A registry of its own, so that two servers in one process do not mix: requests, what the core tells of its calls,
 * the waiting line, workers, and the process itself.
 */
export function createServerMetrics(gauges: Gauges): ServerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const stopCalls = registerPrometheusMetrics({ registry });
  registerGauges(registry, gauges);
  const observe = registerRequests(registry);
  const origins = new Counter({
    name: `${prefix}workers_taken_total`,
    help: 'Workers that calls were given, by where they came from.',
    labelNames: ['origin'],
    registers: [registry],
  });
  const stopWorkers = listen({ worker: ({ origin }) => origins.inc({ origin }) });

  return {
    observe,
    async respond() {
      return new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } });
    },
    close() {
      stopWorkers();
      stopCalls();
      registry.clear();
    },
  };
}

function registerRequests(registry: Registry): (exchange: Exchange) => void {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: prefix + name, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[]) =>
    new Histogram({ name: prefix + name, help, labelNames, registers, buckets: seconds });

  const byStatus = ['route', 'model', 'status'];
  const requests = counter('requests_total', 'Requests by route, model and status.', byStatus);
  const duration = histogram(
    'request_duration_seconds',
    'From the request to the end of its answer.',
    byStatus,
  );
  const firstToken = histogram('first_token_seconds', 'From the request to the first content.', [
    'route',
    'model',
  ]);
  const tokens = counter('tokens_total', 'Tokens as the API counts them.', ['model', 'kind']);
  const errors = counter('errors_total', 'Answers that were errors, by type.', ['type']);
  const unfinished = counter('unfinished_answers_total', 'Answers that did not come to their end.', [
    'outcome',
  ]);

  return exchange => {
    const { route, model = 'none', status, outcome = 'complete', firstTokenMs, errorType } = exchange;
    const labels = { route, model, status: String(status) };
    requests.inc(labels);
    duration.observe(labels, (performance.now() - exchange.startedAt) / 1000);
    if (firstTokenMs !== undefined) firstToken.observe({ route, model }, firstTokenMs / 1000);
    for (const [kind, name] of tokenKinds) {
      const count = exchange[name];
      if (count !== undefined) tokens.inc({ model, kind }, count);
    }
    if (errorType !== undefined) errors.inc({ type: errorType });
    if (outcome !== 'complete') unfinished.inc({ outcome });
  };
}

const tokenKinds = [
  ['input', 'inputTokens'],
  ['output', 'outputTokens'],
  ['cache_read', 'cacheReadInputTokens'],
  ['cache_creation', 'cacheCreationInputTokens'],
] as const;

function registerGauges(registry: Registry, { limiter, running, pool }: Gauges): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: prefix + name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('queue_size', 'Calls that wait for a slot.', () => limiter.size);
  gauge('queue_pending', 'Calls that hold a slot.', () => limiter.pending);
  gauge('answers_running', 'Answers that are not over.', running);
  if (!pool) return;
  new Gauge({
    name: `${prefix}workers`,
    help: 'Workers by state.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { idle, busy, starting } = pool.stats;
      for (const [state, count] of Object.entries({ idle, busy, starting })) this.set({ state }, count);
    },
  });
  new Counter({
    name: `${prefix}workers_ended_total`,
    help: 'Workers ended, by reason: those that died or were in an unknown state are started anew.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(pool.stats.ended)) this.inc({ reason }, count);
    },
  });
}
