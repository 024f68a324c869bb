import type { Summary } from '../chunks.ts';
import { ClaudeCliError, type ErrorCode } from '../errors.ts';
import { createLimiter, defaultLimiter } from '../limiter.ts';
import { resolveOptions } from '../options.ts';
import { streamResponse } from '../stream-response.ts';
import type { BatchItem, BatchOptions, BatchResult } from './options.ts';

/** @throws {InvalidOptionError} for an option that is wrong for every item */
export function prepare(options: BatchOptions, signal: AbortSignal): Prepared {
  const { stream = streamResponse, retry, options: own = {} } = options;
  resolveOptions(own);
  const given = options.concurrency;
  const limiter =
    own.limiter ?? (given === undefined ? defaultLimiter : createLimiter({ concurrency: given }));
  const shared = { ...own, ...(retry && { retry }), limiter };

  return {
    concurrency: given ?? limiter.concurrency,
    async runItem(index, item) {
      const {
        id = String(index),
        prompt,
        options: itsOwn,
      } = typeof item === 'string' ? { prompt: item } : item;
      try {
        const summary = await readToEnd(stream(prompt, { ...shared, ...itsOwn, signal }));
        return { index, id, ok: true, summary };
      } catch (error) {
        if (signal.aborted || !(error instanceof ClaudeCliError) || fatal.has(error.code)) throw error;
        return { index, id, ok: false, error };
      }
    },
  };
}

interface Prepared {
  concurrency: number;
  /** Rejects for what ends the batch. */
  runItem(index: number, item: string | BatchItem): Promise<BatchResult>;
}

/** The next item would fail the same way. */
const fatal: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BUDGET_EXCEEDED',
  'CLI_NOT_FOUND',
  'CLI_NOT_EXECUTABLE',
  'CLI_TOO_OLD',
  'NOT_SIGNED_IN',
]);

async function readToEnd(stream: AsyncGenerator<unknown, Summary, undefined>): Promise<Summary> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return value;
  }
}
