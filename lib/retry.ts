import { setTimeout as sleep } from 'node:timers/promises';
import type { ChunkEvent, RetryEvent, Summary } from './chunks.ts';
import { ApiError, ClaudeCliError } from './errors.ts';

/** Options of the `retry` option. */
export interface RetryOptions {
  /** How often the call is tried in all. Default: 3. */
  attempts?: number;
  /** Milliseconds before the second attempt; doubled for each further one. Default: 500. */
  minDelay?: number;
  /**
   * Milliseconds between two attempts, at most. The wait that the API asks for is honoured; when it is longer than
   * this, the error is thrown at once, with `retryAfter`. Default: 30,000.
   */
  maxDelay?: number;
  /** Share of the delay that is random, 0 to 1. Default: 0.5. */
  jitter?: number;
  /** Repeat also when text was delivered already; a `retry` event says how much of it is void. Default: false. */
  afterText?: boolean;
  /** Called before each repetition. */
  onRetry?: (event: RetryEvent, error: ClaudeCliError) => void;
}

type Attempt = () => AsyncGenerator<ChunkEvent[], Summary>;

/**
 * Runs an attempt, and again while its failure is retryable. A hand-written loop, because a promise-based retry library
 * can only run a function anew before its result exists; here events of the failed attempt were delivered long ago.
 */
export async function* withRetry(
  attempt: Attempt,
  options: RetryOptions,
  signal: AbortSignal,
): AsyncGenerator<ChunkEvent[], Summary> {
  const { attempts = 3 } = options;
  for (let number = 1; ; number++) {
    try {
      return yield* attempt();
    } catch (error) {
      if (signal.aborted || number >= attempts || !isRepeatable(error, options)) throw error;
      const event = toRetryEvent(error, number, attempts, delayAfter(number, error, options));
      options.onRetry?.(event, error);
      yield [event];
      await sleep(event.delay, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function isRepeatable(error: unknown, options: RetryOptions): error is ClaudeCliError {
  if (!(error instanceof ClaudeCliError) || !error.retryable || error.code === 'TIMEOUT') return false;
  if (error.text !== '' && !options.afterText) return false;
  return askedDelay(error) <= (options.maxDelay ?? defaultMaxDelay);
}

const defaultMaxDelay = 30_000;

function delayAfter(attempt: number, error: ClaudeCliError, options: RetryOptions): number {
  const { minDelay = 500, maxDelay = defaultMaxDelay, jitter = 0.5 } = options;
  const backoff = Math.min(minDelay * 2 ** (attempt - 1), maxDelay);
  return Math.round(Math.max(backoff * (1 - jitter * Math.random()), askedDelay(error)));
}

/** Milliseconds that the API wants to be left alone. */
function askedDelay(error: ClaudeCliError): number {
  return error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
}

function toRetryEvent(
  error: ClaudeCliError,
  attempt: number,
  maxAttempts: number,
  delay: number,
): RetryEvent {
  return {
    type: 'retry',
    source: 'retry-option',
    attempt,
    maxAttempts,
    delay,
    status: error instanceof ApiError ? error.status : null,
    error: error.code,
    supersededLength: error.text.length,
  };
}
