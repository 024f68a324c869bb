import type { ChunkEvent, Summary } from '../chunks.ts';
import { leavable } from '../leavable.ts';
import type { ResponseCache } from './response-cache.ts';

type Events = AsyncGenerator<ChunkEvent, Summary, undefined>;

/** Passes a stream on and stores it once its answer is complete. */
export function recorded(stream: Events, key: string, cache: ResponseCache): Events {
  return leavable(record(stream, key, cache), () => void stream.return(undefined as never));
}

async function* record(stream: Events, key: string, cache: ResponseCache): Events {
  const lines: string[] = [];
  let length = 0;
  let saved: Promise<void> | undefined;
  try {
    for (;;) {
      const { value: event, done } = await stream.next();
      if (done) return event;
      // What the plan's limits were is of no use later.
      if (event.type !== 'rate-limit' && length <= cache.maxAnswerLength) {
        const line = JSON.stringify(event);
        length += line.length;
        lines.push(line);
      }
      // Before it is handed on: many a reader leaves at the end event.
      if (event.type === 'end' && isComplete(event) && length <= cache.maxAnswerLength) {
        saved = cache.set(key, `[${lines.join(',')}]`);
      }
      yield event;
    }
  } finally {
    await stream.return(undefined as never);
    await saved;
  }
}

function isComplete({ stopReason, cached }: Summary): boolean {
  return !cached && (stopReason === 'end_turn' || stopReason === 'stop_sequence');
}

/** The events of a stored answer; undefined when it is not one. */
export function readEvents(text: string): ChunkEvent[] | undefined {
  const events: unknown = JSON.parse(text);
  return Array.isArray(events) && events.at(-1)?.type === 'end' ? events : undefined;
}

export async function* replay(events: readonly ChunkEvent[], signal: AbortSignal | undefined): Events {
  for (const event of events) {
    signal?.throwIfAborted();
    yield asCached(event);
  }
  return toSummary(events);
}

/** Marks the events that speak for the whole turn. */
export function asCached(event: ChunkEvent): ChunkEvent {
  return event.type === 'start' || event.type === 'end' ? { ...event, cached: true } : event;
}

function toSummary(events: readonly ChunkEvent[]): Summary {
  const last = events.at(-1);
  if (last?.type !== 'end') throw new TypeError('a stored answer has no end');
  const { type: _, ...summary } = last;
  return { ...summary, cached: true };
}
