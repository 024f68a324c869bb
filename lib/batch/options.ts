import type { Summary } from '../chunks.ts';
import type { ClaudeCliError } from '../errors.ts';
import type { StreamOptions, UserMessage } from '../options.ts';
import type { RetryOptions } from '../retry.ts';
import type { streamResponse } from '../stream-response.ts';

/** One prompt of a batch. */
export interface BatchItem {
  /** Told back with the result. Default: the item's place, from 0. */
  id?: string;
  /** Text, or content blocks. */
  prompt: UserMessage;
  /** For this item, over those for all. */
  options?: Omit<StreamOptions, 'signal'>;
}

/** What became of one item. `index` is its place in the batch, from 0. */
export type BatchResult = { index: number; id: string } & (
  | { ok: true; summary: Summary }
  | { ok: false; error: ClaudeCliError }
);

/** How far a batch is. */
export interface BatchProgress {
  /** Items that are over, `failed` ones included. */
  done: number;
  failed: number;
  /** Items in all; undefined while an iterator may have more. */
  total: number | undefined;
  /** US dollars, as the CLI reports them. */
  costUsd: number;
  /** Milliseconds since the batch began. */
  ms: number;
}

/** Options of `batch()`. */
export interface BatchOptions {
  /** Items that run at the same time. Default: the `concurrency` of the limiter. */
  concurrency?: number;
  /** `completion`: as they finish; `input`: in their own order. Default: `completion`. */
  order?: 'completion' | 'input';
  /** Repeat an item that failed. Default: no repetition. */
  retry?: RetryOptions;
  /** Ends the batch and what runs of it at once; its reason is thrown. */
  signal?: AbortSignal;
  /** Called after each item. */
  onProgress?: (progress: BatchProgress) => void;
  /** For every item. */
  options?: Omit<StreamOptions, 'signal'>;
  /** What answers: `streamResponse()`, or one with a cache or a budget. Default: `streamResponse()`. */
  stream?: typeof streamResponse;
}
