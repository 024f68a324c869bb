import type { BatchResult } from '../batch/index.ts';
import { ApiError } from '../errors.ts';

/** A result as a line of the file of `--out`. `index` is its place in the prompts. */
export function toLine(result: BatchResult, index: number | undefined): object {
  const { id } = result;
  if (result.ok) {
    const { text, stopReason, structuredOutput, usage, costUsd, durationMs } = result.summary;
    return { id, index, text, stopReason, structuredOutput, usage, costUsd, durationMs };
  }
  const { code, message, retryable } = result.error;
  const status = result.error instanceof ApiError ? result.error.status : undefined;
  return { id, index, error: { code, message, retryable, status } };
}

/** What a line of an earlier run says. @throws {TypeError} when it is none: the file may be one of prompts, say */
export function toDone(line: unknown): { id: string; costUsd: number; failed: boolean } {
  const { id, text, costUsd, error }: Record<string, unknown> = Object(line);
  if (typeof id !== 'string' || (typeof text !== 'string' && !error)) throw new TypeError('no result');
  return { id, costUsd: typeof costUsd === 'number' ? costUsd : 0, failed: error !== undefined };
}
