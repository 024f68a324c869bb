import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import { type BatchOptions, batch } from '../batch/index.ts';
import { filterJournal, type Journal, openJournal } from '../batch/journal.ts';
import { takeLock } from '../batch/lock.ts';
import { type KnownItem, readItems } from '../batch/read-items.ts';
import { createBudget, withBudget } from '../stores/index.ts';
import { streamResponse } from '../stream-response.ts';
import { createPool } from '../workers/pool.ts';
import { fileProblem } from './file-problem.ts';
import { watchInterruption } from './interruption.ts';
import { startOffline } from './offline.ts';
import { showProgress } from './progress.ts';
import { exitCodes, UsageError } from './report-failure.ts';
import { toDone, toLine } from './result-line.ts';

interface BatchCommandOptions {
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

/** `claude-cli-stream batch <prompts> --out <results>`. */
export function addBatchCommand(program: Command): void {
  program
    .command('batch')
    .description('ask many prompts and write one line of JSON per answer; run again to do what is missing')
    .argument(
      '<prompts>',
      'a file of lines, or of JSON lines { "prompt", "id"?, "model"?, ... }; - for standard input',
    )
    .requiredOption('-o, --out <file>', 'where the results go; what is in it is not asked again')
    .option('-m, --model <name>', 'model name or alias (sonnet, opus, haiku)')
    .option('-s, --system <text>', 'system prompt')
    .option('-c, --concurrency <number>', 'prompts that run at the same time', count)
    .option('-a, --attempts <number>', 'how often a prompt is tried in all (default: 3)', count)
    .option('-t, --timeout <seconds>', 'give a prompt up after this time', positive)
    .option('-b, --budget <dollars>', 'stop when all results in the file together cost this', positive)
    .option('--retry-failed', 'ask again what failed in earlier runs')
    .option('-q, --quiet', 'show no progress')
    .option('--offline', 'ask a stand-in on this machine: no account, no network')
    .action(runBatch);
}

async function runBatch(prompts: string, options: BatchCommandOptions): Promise<void> {
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
  const progress = showProgress(process.stderr, missing.length);
  const earlierUsd = [...done.values()].reduce((sum, usd) => sum + usd, 0);
  const results = batch(untilAborted(missing, signal), {
    ...toBatchOptions(options, earlierUsd),
    options: { ...toStreamOptions(options), pool, env: offline?.env ?? {} },
    onProgress: now => options.quiet || progress.update(now),
  });
  try {
    for await (const result of results) {
      await journal.append(toLine(result, places.get(result.id)));
      if (!result.ok) process.exitCode = exitCodes.failure;
    }
  } finally {
    if (!options.quiet) progress.end();
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

function count(value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It takes a whole number from 1.');
}

function positive(value: string): number {
  if (value.trim() !== '' && Number(value) > 0 && Number(value) <= 2_147_483) return Number(value);
  throw new InvalidArgumentError('It takes a number above 0.');
}
