import { createCallAbort } from '../abort.ts';
import type { ChunkEvent, Summary } from '../chunks.ts';
import { leavable } from '../leavable.ts';
import type { Prompt, StreamOptions } from '../options.ts';
import type { streamResponse } from '../stream-response.ts';
import { callKey, isRepeatable } from './cache-key.ts';
import { asCached, readEvents, recorded, replay } from './recording.ts';
import { type CacheOptions, openCache, reportCache } from './response-cache.ts';
import { SharedRun } from './shared-run.ts';

/** `streamResponse()`, or what answers as it does. */
export type StreamFunction = typeof streamResponse;

/** Options of a call through `withCache()`. */
export interface CachedCallOptions extends StreamOptions {
  /** `bypass`: neither read nor store. `refresh`: ask again and store. Default: `use`. */
  cache?: 'use' | 'bypass' | 'refresh';
}

type Events = AsyncGenerator<ChunkEvent, Summary, undefined>;

/**
 * `streamResponse()` with a memory: a call whose answer is stored gets the same events again, with `cached: true` on
 * `start` and `end`, and no process is started. Usage, cost and times in it are those of the first run.
 *
 * Stored are complete answers only (`end_turn`, `stop_sequence`). A conversation, a call with tools, MCP servers or
 * settings files, and one with a stored session go past the cache.
 *
 * ```ts
 * const stream = withCache(streamResponse, { ttl: 60_000 });
 * for await (const event of stream('What is a river?', { cache: 'refresh' })) console.log(event);
 * ```
 *
 * @throws {InvalidOptionError} at once. While iterating: what `stream` throws.
 */
export function withCache(
  stream: StreamFunction,
  options: CacheOptions = {},
): (prompt: Prompt, options?: CachedCallOptions) => AsyncGenerator<ChunkEvent, Summary, undefined> {
  const cache = openCache(options);
  const runs = new Map<string, SharedRun<ChunkEvent, Summary>>();

  return (prompt, { cache: mode = 'use', ...callOptions } = {}) => {
    if (mode === 'bypass' || !isRepeatable(prompt, callOptions)) return stream(prompt, callOptions);
    const leave = new AbortController();
    return leavable(answer(leave.signal), () => leave.abort());

    async function* answer(left: AbortSignal): Events {
      const startedAt = performance.now();
      const key = await callKey(prompt, callOptions, options.tenant);
      const stored = mode === 'use' ? await cache.get(key, readEvents) : undefined;
      if (stored) {
        reportCache('hit', startedAt);
        return yield* replay(stored, callOptions.signal);
      }
      const running = options.singleFlight ? runs.get(key) : undefined;
      reportCache(running ? 'shared' : 'miss', startedAt);
      if (running) return yield* follow(running, true, [left, callOptions.signal]);

      // The signal of whoever came first would end the run of all: each obeys its own.
      const { signal, ...unsignalled } = callOptions;
      const ran = recorded(stream(prompt, options.singleFlight ? unsignalled : callOptions), key, cache);
      const run = new SharedRun(ran, () => runs.delete(key));
      if (options.singleFlight) runs.set(key, run);
      return yield* follow(run, false, [left, signal]);
    }
  };
}

/** Reads a run until it ends or one of the signals says to leave it. */
async function* follow(
  run: SharedRun<ChunkEvent, Summary>,
  isShared: boolean,
  [left, own]: [AbortSignal, AbortSignal | undefined],
): Events {
  const call = createCallAbort({ signals: own ? [left, own] : [left] });
  const { signal } = call;
  let refuse = (_reason: unknown) => {};
  const abort = () => refuse(signal.reason);
  signal.addEventListener('abort', abort);
  const events = run.join();
  try {
    for (;;) {
      const { value, done } = await new Promise<IteratorResult<ChunkEvent, Summary>>((resolve, reject) => {
        refuse = reject;
        if (signal.aborted) abort();
        events.next().then(resolve, reject);
      });
      if (done) return isShared ? { ...value, cached: true } : value;
      yield isShared ? asCached(value) : value;
    }
  } catch (error) {
    // Whoever left gets no error, only the end.
    if (left.aborted && error === left.reason) return undefined as never;
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    call.dispose();
    await run.leave();
  }
}
