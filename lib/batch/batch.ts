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

  const running = new Set<Promise<void>>();
  const finished: BatchResult[] = [];
  let [taken, yielded, taking, exhausted] = [0, 0, false, false];
  let failure: { error: unknown } | undefined;
  let wake = () => {};

  const fail = (error: unknown) => {
    failure ??= { error };
  };
  const take = async () => {
    taking = true;
    try {
      const { value: item, done } = await source.next();
      exhausted = done === true;
      if (done !== true && !failure) start(taken++, item);
    } catch (error) {
      fail(error);
    } finally {
      taking = false;
      wake();
    }
  };
  const start = (index: number, item: string | BatchItem) => {
    const task = runItem(index, item)
      .then(result => {
        finished.push(result);
        if (order === 'input') finished.sort((one, other) => one.index - other.index);
        onProgress?.(progress(result));
      })
      .catch(fail)
      .finally(() => {
        running.delete(task);
        wake();
      });
    running.add(task);
  };
  const abort = () => {
    stop.abort(signal?.reason);
    fail(signal?.reason);
    wake();
  };
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();

  try {
    for (;;) {
      while (finished[0] && (order === 'completion' || finished[0].index === yielded)) {
        yielded += 1;
        yield finished.shift() as BatchResult;
      }
      if (running.size === 0 && (exhausted || failure)) break;
      const changed = new Promise<void>(resolve => {
        wake = resolve;
      });
      const room = running.size < concurrency && taken - yielded < window;
      if (room && !taking && !exhausted && !failure) void take();
      await changed;
    }
    yield* finished;
    if (failure) throw failure.error;
  } finally {
    signal?.removeEventListener('abort', abort);
    stop.abort();
    const closed = Promise.resolve(source.return?.()).catch(() => {});
    await Promise.all(running);
    // A source that is still waited for cannot be closed: it ends when it has something.
    if (!taking) await closed;
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
