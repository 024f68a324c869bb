import { setTimeout as sleep } from 'node:timers/promises';
import type { ChunkEvent, RetryEvent, Summary } from './chunks.ts';
import { ApiError, ClaudeCliError } from './errors.ts';

export interface RetryOptions {
  /** How often the call is tried in all. Default: 3. */
  attempts?: number;
  /** Milliseconds before the second attempt; doubled for each further one. Default: 500. */
  minDelay?: number;
  /** Milliseconds between two attempts, at most; a longer `retry-after` of the API is honoured. Default: 30,000. */
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
  const { attempts = 3, afterText = false } = options;
  for (let number = 1; ; number++) {
    try {
      return yield* attempt();
    } catch (error) {
      const repeatable = error instanceof ClaudeCliError && error.retryable && error.code !== 'TIMEOUT';
      if (signal.aborted || !repeatable || number >= attempts || (error.text !== '' && !afterText))
        throw error;
      const event = toRetryEvent(error, number, attempts, delayAfter(number, error, options));
      options.onRetry?.(event, error);
      yield [event];
      await sleep(event.delay, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function delayAfter(attempt: number, error: ClaudeCliError, options: RetryOptions): number {
  const { minDelay = 500, maxDelay = 30_000, jitter = 0.5 } = options;
  const backoff = Math.min(minDelay * 2 ** (attempt - 1), maxDelay);
  const asked = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
  return Math.round(Math.max(backoff * (1 - jitter * Math.random()), asked));
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
