import { type Channel, channel } from 'node:diagnostics_channel';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Diagnostics } from '../diagnostics.ts';
import { ClaudeCliError } from '../errors.ts';
import type { Limiter } from '../limiter.ts';
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

/** What can be read off at any time. */
export interface Gauges {
  limiter: Limiter;
  /** Calls whose answer is not over. */
  running(): number;
  /** Workers by state; undefined without a pool. */
  workers?(): Readonly<Record<string, number>>;
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** A registry of its own: two servers in one process do not mix, nor do they touch the global one. */
export function createServerMetrics(gauges: Gauges): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const prefix = 'claude_cli_stream_';
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: prefix + name, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[] = []) =>
    new Histogram({ name: prefix + name, help, labelNames, registers, buckets: seconds });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: prefix + name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  const byRoute = ['route', 'model', 'status'];
  const requests = counter('requests_total', 'Requests by route, model and status.', byRoute);
  const duration = histogram(
    'request_duration_seconds',
    'From the request to the end of its answer.',
    byRoute,
  );
  const firstToken = histogram('first_token_seconds', 'From the request to the first content.', [
    'route',
    'model',
  ]);
  const tokens = counter('tokens_total', 'Tokens as the API counts them.', ['model', 'kind']);
  const errors = counter('errors_total', 'Answers that were errors, by the type of the error.', ['type']);
  const unfinished = counter('unfinished_answers_total', 'Answers that did not come to their end.', [
    'outcome',
  ]);
  const cost = counter('cost_usd_total', 'US dollars at list prices, as the CLI computes them.');
  const wait = histogram('queue_wait_seconds', 'Time calls waited for a slot.');
  const taken = counter('workers_taken_total', 'Workers that calls were given, by where they came from.', [
    'origin',
  ]);
  const failures = counter('call_failures_total', 'Calls of the core that failed, by error code.', ['code']);
  const retries = counter('retries_total', 'Repeated upstream requests, by who repeated them.', ['source']);
  gauge('queue_size', 'Calls that wait for a slot.', () => gauges.limiter.size);
  gauge('queue_pending', 'Calls that hold a slot.', () => gauges.limiter.pending);
  gauge('answers_running', 'Answers that are not over.', gauges.running);

  const stop = listen({
    slot: ({ waitMs }) => wait.observe(waitMs / 1000),
    worker: ({ origin }) => taken.inc({ origin }),
    retry: ({ event }) => retries.inc({ source: event.source }),
    end: ({ summary }) => cost.inc(Math.max(0, summary.costUsd)),
    error: ({ error }) => failures.inc({ code: error instanceof ClaudeCliError ? error.code : 'ABORTED' }),
  });

  return {
    observe(exchange) {
      const { route, model = 'none', status, outcome = 'complete' } = exchange;
      const labels = { route, model, status: String(status) };
      requests.inc(labels);
      duration.observe(labels, (performance.now() - exchange.startedAt) / 1000);
      if (exchange.firstTokenMs !== undefined)
        firstToken.observe({ route, model }, exchange.firstTokenMs / 1000);
      for (const [kind, name] of tokenKinds) tokens.inc({ model, kind }, exchange[name] ?? 0);
      if (exchange.errorType !== undefined) errors.inc({ type: exchange.errorType });
      if (outcome !== 'complete') unfinished.inc({ outcome });
    },
    async respond() {
      return new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } });
    },
    close() {
      stop();
      registry.clear();
    },
  };
}

const tokenKinds = [
  ['input', 'inputTokens'],
  ['output', 'outputTokens'],
  ['cache_read', 'cacheReadInputTokens'],
  ['cache_creation', 'cacheCreationInputTokens'],
] as const;

type Listeners = { [Name in keyof Diagnostics]?: (facts: Diagnostics[Name]) => void };

/** Subscribes to the core's diagnostics. @returns a function that ends that. */
function listen(listeners: Listeners): () => void {
  const subscribed = Object.entries(listeners).map(
    ([name, listener]): [Channel, (facts: unknown) => void] => {
      const told = channel(`claude-cli-stream:${name}`);
      const handle = (facts: unknown) => listener(facts as never);
      told.subscribe(handle);
      return [told, handle];
    },
  );
  return () => {
    for (const [told, handle] of subscribed) told.unsubscribe(handle);
  };
}
