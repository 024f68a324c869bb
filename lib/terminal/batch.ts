import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { batch } from '../batch/batch.ts';
import { filterJournal, type Journal, openJournal } from '../batch/journal.ts';
import { takeLock } from '../batch/lock.ts';
import type { BatchOptions } from '../batch/options.ts';
import { type KnownItem, readItems } from '../batch/read-items.ts';
import { createBudget } from '../stores/budget.ts';
import { withBudget } from '../stores/with-budget.ts';
import { streamResponse } from '../stream-response.ts';
import { createPool } from '../workers/pool.ts';
import { fileProblem } from './file-problem.ts';
import { watchInterruption } from './interruption.ts';
import { startOffline } from './offline.ts';
import { showProgress } from './progress.ts';
import { exitCodes, UsageError } from './report-failure.ts';
import { toDone, toLine } from './result-line.ts';

export interface BatchCommandOptions {
  out: string;
  model?: string;
  system?: string;
  concurrency?: number;
  attempts?: number;
  timeout?: number;
  budget?: number;
  retryFailed?: true;
  quiet?: true;
  offline?: true;
}

export async function runBatch(prompts: string, options: BatchCommandOptions): Promise<void> {
  const items = await readPrompts(prompts);
  const release = lock(options.out);
  const { signal, dispose } = watchInterruption();
  try {
    if (options.retryFailed) await filterJournal(options.out, line => !toDone(line).failed);
    const done = new Map<string, number>();
    const journal = await openJournal(options.out, line => {
      const { id, costUsd } = toDone(line);
      done.set(id, costUsd);
    });
    try {
      await answerMissing(items, done, journal, options, signal);
    } finally {
      await journal.close();
    }
    signal.throwIfAborted();
  } finally {
    dispose();
    release();
  }
}

/** `done`: what is in the journal already, with what it cost. */
async function answerMissing(
  items: KnownItem[],
  done: ReadonlyMap<string, number>,
  journal: Journal,
  options: BatchCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const tell = (words: string) => options.quiet || process.stderr.write(`${words}\n`);
  const places = new Map(items.map(({ id }, index) => [id, index]));
  const missing = items.filter(({ id }) => !done.has(id));
  if (missing.length < items.length)
    tell(`${items.length - missing.length} of ${items.length} are done already`);
  if (missing.length === 0) return;
  signal.addEventListener('abort', () => tell('\nfinishing what runs; the same command goes on from there'));

  await using offline = options.offline && (await startOffline(options));
  await using pool = createPool(options.concurrency === undefined ? {} : { max: options.concurrency });
  const progress = options.quiet ? undefined : showProgress(process.stderr, missing.length);
  const earlierUsd = [...done.values()].reduce((sum, usd) => sum + usd, 0);
  const results = batch(untilAborted(missing, signal), {
    ...toBatchOptions(options, earlierUsd),
    options: { ...toStreamOptions(options), pool, env: offline?.env ?? {} },
    onProgress: now => progress?.update(now),
  });
  try {
    for await (const result of results) {
      await journal.append(toLine(result, places.get(result.id)));
      if (!result.ok) process.exitCode = exitCodes.failure;
    }
  } finally {
    progress?.end();
  }
}

async function readPrompts(path: string): Promise<KnownItem[]> {
  try {
    return readItems(path === '-' ? await text(process.stdin) : await readFile(path, 'utf8'));
  } catch (error) {
    throw fileProblem(path, error);
  }
}

function lock(out: string): () => void {
  let release: ReturnType<typeof takeLock>;
  try {
    release = takeLock(`${out}.lock`);
  } catch (error) {
    throw fileProblem(out, error);
  }
  if (typeof release === 'number') throw new UsageError(`${out} is being written by process ${release}`);
  return release;
}

/** The first Ctrl-C takes no further prompt. */
function* untilAborted(items: KnownItem[], signal: AbortSignal): Generator<KnownItem> {
  for (const item of items) {
    if (signal.aborted) return;
    yield item;
  }
}

function toBatchOptions(
  { concurrency, attempts = 3, budget }: BatchCommandOptions,
  earlierUsd: number,
): BatchOptions {
  const limit = budget === undefined ? undefined : createBudget({ usd: budget });
  limit?.record({ usd: earlierUsd, tokens: 0 });
  return {
    retry: { attempts },
    stream: limit ? withBudget(streamResponse, limit) : streamResponse,
    ...(concurrency !== undefined && { concurrency }),
  };
}

function toStreamOptions({ model, system, timeout }: BatchCommandOptions): BatchOptions['options'] {
  return {
    ...(model !== undefined && { model }),
    ...(system !== undefined && { systemPrompt: system }),
    ...(timeout !== undefined && { timeout: timeout * 1000 }),
  };
}
