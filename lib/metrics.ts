/**
 * Figures of every call in this process, as an object.
 * @module claude-cli-stream/metrics
 */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { listen } from './diagnostics.ts';
import { ClaudeCliError } from './errors.ts';
import { countTokens, type TokenCounts } from './token-counts.ts';

export type { TokenCounts } from './token-counts.ts';

/** What calls did since `collectMetrics()`. Times are milliseconds. */
export interface Metrics {
  /** Calls that succeeded or failed. Those the caller aborted or left are in `aborted` only. */
  total: number;
  successful: number;
  failed: number;
  aborted: number;
  /** Share of `total` that succeeded, 0 to 1; null before the first. */
  successRate: number | null;
  /** From the first pull to the end, of successful calls; waiting for a slot is in it. */
  latency: Distribution;
  /** From the first pull to the first text. */
  timeToFirstText: Distribution;
  /** Characters of an answer; of a conversation, the last one. */
  responseLength: Distribution;
  /** Of every turn that the CLI reported, also of calls that failed later. */
  tokens: TokenCounts;
  /** US dollars, as the CLI reports them; of the same turns. */
  costUsd: number;
  /** Repetitions, of the CLI's own and of the `retry` option. */
  retries: number;
  /** Failed calls by error code. */
  errors: Record<string, number>;
  /** Calls that a response cache answered, or not. */
  cache: { hits: number; misses: number; shared: number };
}

/** All null before the first value. Percentiles are exact to three digits. */
export interface Distribution {
  average: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** Figures of all calls since it was made. */
export interface MetricsCollector {
  /** The figures so far. */
  read(): Metrics;
  /** Stops collecting; what was collected can still be read. */
  stop(): void;
}

/**
 * Collects figures of every call in this process, from the core's diagnostics channels, in memory that does not grow
 * with the number of calls.
 *
 * ```ts
 * const metrics = collectMetrics();
 * setInterval(() => console.log(metrics.read()), 60_000).unref();
 * ```
 */
export function collectMetrics(): MetricsCollector {
  const counts = { successful: 0, failed: 0, aborted: 0, costUsd: 0, retries: 0 };
  const tokens = countTokens([]);
  const errors = new Map<string, number>();
  const cache = { hit: 0, miss: 0, shared: 0 };
  const [latency, timeToFirstText, responseLength] = [histogram(), histogram(), histogram()];

  const stop = listen({
    'first-text': ({ ms }) => add(timeToFirstText, ms),
    retry() {
      counts.retries += 1;
    },
    cache({ outcome }) {
      cache[outcome] += 1;
    },
    usage({ usage, costUsd }) {
      counts.costUsd += costUsd;
      addTo(tokens, countTokens([usage]));
    },
    end({ ms, summary }) {
      counts.successful += 1;
      add(latency, ms);
      add(responseLength, summary.text.length);
    },
    error({ error }) {
      if (!(error instanceof ClaudeCliError)) {
        counts.aborted += 1;
        return;
      }
      counts.failed += 1;
      errors.set(error.code, (errors.get(error.code) ?? 0) + 1);
    },
    left() {
      counts.aborted += 1;
    },
  });

  return {
    stop,
    read() {
      const { successful, failed } = counts;
      const total = successful + failed;
      return {
        total,
        ...counts,
        successRate: total === 0 ? null : successful / total,
        latency: distribution(latency),
        timeToFirstText: distribution(timeToFirstText),
        responseLength: distribution(responseLength),
        tokens: { ...tokens },
        errors: Object.fromEntries(errors),
        cache: { hits: cache.hit, misses: cache.miss, shared: cache.shared },
      };
    },
  };
}

const day = 24 * 60 * 60 * 1000;

/** Node's own HDR histogram: a fixed size, whatever it is given. */
function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: day, figures: 3 });
}

/** A histogram takes whole numbers from 1. */
function add(to: RecordableHistogram, value: number): void {
  to.record(Math.min(day, Math.max(1, Math.round(value))));
}

function addTo(sum: TokenCounts, more: TokenCounts): void {
  for (const kind of ['input', 'output', 'cacheRead', 'cacheCreation'] as const) sum[kind] += more[kind];
}

function distribution(values: RecordableHistogram): Distribution {
  if (values.count === 0) return { average: null, p50: null, p95: null, p99: null };
  const [p50, p95, p99] = [50, 95, 99].map(percent => values.percentile(percent)) as [number, number, number];
  return { average: values.mean, p50, p95, p99 };
}
