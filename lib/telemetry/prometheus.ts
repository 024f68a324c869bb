/**
 * Figures of every call, for prom-client.
 * @module claude-cli-stream/prometheus
 */

import { Counter, register as globalRegistry, Histogram, type Registry } from 'prom-client';
import { listen } from '../diagnostics.ts';
import { ClaudeCliError } from '../errors.ts';

/** Options of `registerPrometheusMetrics()`. */
export interface PrometheusOptions {
  /** Default: the global registry of prom-client. */
  registry?: Registry;
}

const seconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/**
 * Registers metrics of every call in this process with prom-client, for programs that have a `/metrics` of their own
 * (the server's has what is needed already). Names begin with `claude_cli_call`.
 *
 * @returns a function that stops counting and removes the metrics from the registry.
 */
export function registerPrometheusMetrics(options: PrometheusOptions = {}): () => void {
  const { registry = globalRegistry } = options;
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, registers, buckets: seconds });

  const metrics = {
    calls: counter('claude_cli_calls_total', 'Calls that are over: ok, aborted, or an error code.', [
      'outcome',
    ]),
    duration: histogram('claude_cli_call_duration_seconds', 'Successful calls, waiting for a slot included.'),
    firstText: histogram('claude_cli_call_first_text_seconds', 'From the call to its first text.'),
    wait: histogram('claude_cli_call_wait_seconds', 'Time calls waited for a slot.'),
    tokens: counter('claude_cli_call_tokens_total', 'Tokens by model and kind.', ['model', 'kind']),
    cost: counter('claude_cli_call_cost_usd_total', 'US dollars, as the CLI reports them.', ['model']),
    retries: counter('claude_cli_call_retries_total', 'Repetitions, by who repeated.', ['source']),
    cache: counter('claude_cli_call_cache_total', 'Calls that asked a response cache.', ['outcome']),
  };

  const stop = listen({
    slot: ({ waitMs }) => metrics.wait.observe(waitMs / 1000),
    'first-text': ({ ms }) => metrics.firstText.observe(ms / 1000),
    retry: ({ event }) => metrics.retries.inc({ source: event.source }),
    cache: ({ outcome }) => metrics.cache.inc({ outcome }),
    usage({ usage }) {
      for (const [model, used] of Object.entries(usage)) {
        metrics.cost.inc({ model }, positive(used.costUsd));
        for (const [kind, name] of tokenKinds) metrics.tokens.inc({ model, kind }, positive(used[name]));
      }
    },
    end({ ms }) {
      metrics.calls.inc({ outcome: 'ok' });
      metrics.duration.observe(ms / 1000);
    },
    error: ({ error }) =>
      metrics.calls.inc({ outcome: error instanceof ClaudeCliError ? error.code : 'aborted' }),
    left: () => metrics.calls.inc({ outcome: 'aborted' }),
  });

  return () => {
    stop();
    for (const name of registry.getMetricsAsArray().map(metric => metric.name)) {
      if (name.startsWith('claude_cli_call')) registry.removeSingleMetric(name);
    }
  };
}

const tokenKinds = [
  ['input', 'inputTokens'],
  ['output', 'outputTokens'],
  ['cache_read', 'cacheReadInputTokens'],
  ['cache_creation', 'cacheCreationInputTokens'],
] as const;

/** A counter throws at what is below 0, which a difference of sums may be by a rounding. */
function positive(value: number): number {
  return Math.max(0, value);
}
