import type { BatchItem, BatchOptions, BatchProgress, BatchResult } from './options.ts';
import { prepare } from './prepare.ts';

/**
 * Asks many prompts and yields what became of each. An item that fails is a result, too. What would fail every item
 * (no CLI, no sign-in, a spent budget) ends the batch: what runs is finished and yielded, then the error is thrown.
 * Items are taken from the iterable only when there is room for them, and nothing runs ahead of the reader.
 *
 * ```ts
 * for await (const result of batch(['one', 'two'], { concurrency: 4, options: { model: 'haiku' } })) {
 *   console.log(result.id, result.ok ? result.summary.text : result.error.code);
 * }
 * ```
 *
 * @throws {InvalidOptionError} for an option that is wrong for all
 */
export async function* batch(
  items: Iterable<string | BatchItem> | AsyncIterable<string | BatchItem>,
  options: BatchOptions = {},
): AsyncGenerator<BatchResult, void, undefined> {
  const { order = 'completion', signal, onProgress } = options;
  const stop = new AbortController();
  const { concurrency, runItem } = prepare(options, stop.signal);
  const window = order === 'input' ? 4 * concurrency : concurrency;
  const source = iteratorOf(items);
  const progress = startProgress(Array.isArray(items) ? items.length : undefined);

  /** What is under way; each resolves to what it changes. */
  const tasks = new Set<Promise<() => void>>();
  const finished: BatchResult[] = [];
  let pull: Promise<() => void> | undefined;
  let [taken, yielded, exhausted] = [0, 0, false];
  let failure: { error: unknown } | undefined;

  const track = (work: Promise<() => void>): Promise<() => void> => {
    const task = work.then(
      change => () => {
        tasks.delete(task);
        change();
      },
      error => () => {
        tasks.delete(task);
        failure ??= { error };
      },
    );
    tasks.add(task);
    return task;
  };
  const take = async () => {
    const { value: item, done } = await source.next();
    return () => {
      pull = undefined;
      exhausted = done === true;
      if (done !== true) track(run(taken++, item));
    };
  };
  const run = async (index: number, item: string | BatchItem) => {
    const result = await runItem(index, item);
    return () => {
      finished.push(result);
      if (order === 'input') finished.sort((one, other) => one.index - other.index);
      onProgress?.(progress(result));
    };
  };
  const aborted = new Promise<() => void>(resolve => {
    const fail = () => {
      failure ??= { error: stop.signal.reason };
    };
    stop.signal.addEventListener('abort', () => resolve(fail), { once: true });
  });
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();

  try {
    for (;;) {
      const running = tasks.size - (pull ? 1 : 0);
      if (running === 0 && (exhausted || failure)) break;
      const room = running < concurrency && taken - yielded < window;
      if (room && !pull && !exhausted && !failure) pull = track(take());
      const change = await Promise.race(failure ? tasks : [...tasks, aborted]);
      change();
      while (finished[0] && (order === 'completion' || finished[0].index === yielded)) {
        yielded += 1;
        yield finished.shift() as BatchResult;
      }
    }
    yield* finished;
    if (failure) throw failure.error;
  } finally {
    signal?.removeEventListener('abort', abort);
    stop.abort();
    // A source that is still waited for cannot be closed: it ends when it has something.
    const closed = Promise.resolve(source.return?.()).catch(() => {});
    await Promise.all([...tasks].filter(task => task !== pull));
    if (!pull) await closed;
  }
}

function iteratorOf<Item>(items: Iterable<Item> | AsyncIterable<Item>): Iterator<Item> | AsyncIterator<Item> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

function startProgress(total: number | undefined): (result: BatchResult) => BatchProgress {
  const startedAt = performance.now();
  let [done, failed, costUsd] = [0, 0, 0];
  return result => {
    done += 1;
    if (result.ok) costUsd += result.summary.costUsd;
    else failed += 1;
    return { done, failed, total, costUsd, ms: performance.now() - startedAt };
  };
}
