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

/** Options of `streamResponse()`, and of its cache. */
export interface CachedCallOptions extends StreamOptions {
  /** `bypass`: neither read nor store. `refresh`: ask again and store. Default: `use`. */
  cache?: 'use' | 'bypass' | 'refresh';
}

type Events = AsyncGenerator<ChunkEvent, Summary, undefined>;

/**
 * `streamResponse()` with a memory: a call whose answer is stored gets the same events again, with `cached: true` on
 * `start` and `end`, and no process is started. Usage, cost and times in it are those of the first run.
 *
 * Stored are complete answers only (`end_turn`, `stop_sequence`). A call that does something, or sees what may change,
 * goes past the cache: a conversation, one with tools, MCP servers, settings files, `extraArgs` or a stored session, and
 * one whose preset system prompt shows the model a `cwd`.
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
  const { tenant, singleFlight = false } = options;
  const runs = new Map<string, SharedRun<ChunkEvent, Summary>>();

  return (prompt, { cache: mode = 'use', ...callOptions } = {}) => {
    if (mode === 'bypass' || !isRepeatable(prompt, callOptions)) return stream(prompt, callOptions);
    const leave = new AbortController();
    return leavable(answer(leave.signal), () => leave.abort());

    async function* answer(left: AbortSignal): Events {
      const startedAt = performance.now();
      const key = await callKey(prompt, callOptions, tenant);
      const stored = mode === 'use' ? await cache.get(key, readEvents) : undefined;
      if (left.aborted) return undefined as never;
      const running = stored ? undefined : runs.get(key);
      reportCache(stored ? 'hit' : running ? 'shared' : 'miss', startedAt);
      if (stored) return yield* replay(stored, callOptions.signal);

      const { signal, timeout } = callOptions;
      const events = (running ?? start(key)).join({
        signals: signal ? [signal] : [],
        ...(singleFlight && timeout !== undefined && { timeout }),
      });
      left.addEventListener('abort', () => void events.return(undefined as never));
      if (!running) return yield* events;
      return yield* marked(events);
    }

    function start(key: string): SharedRun<ChunkEvent, Summary> {
      // What would end the run of all for one of them is his own.
      const { signal: _, timeout: __, ...shared } = callOptions;
      const events = recorded(stream(prompt, singleFlight ? shared : callOptions), key, cache);
      const run = new SharedRun(events, () => runs.delete(key));
      if (singleFlight) runs.set(key, run);
      return run;
    }
  };
}

/** The events of a run that somebody else pays for. */
async function* marked(events: Events): Events {
  for (;;) {
    const { value, done } = await events.next();
    if (done) return { ...value, cached: true };
    yield asCached(value);
  }
}
