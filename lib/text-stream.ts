import type { ChunkEvent } from './chunks.ts';
import { leavable } from './leavable.ts';

/**
 * The text of a stream of chunk events, for `pipeline()`, `Readable.from()` and `ReadableStream.from()`. Leaving it
 * ends the stream, and with it the process. `pipeline()` leaves an iterable whose destination went away only with its
 * next piece; `pipeline(Readable.from(textOf(stream)), destination)` leaves it at once.
 */
export function textOf(
  stream: AsyncGenerator<ChunkEvent, unknown, undefined>,
): AsyncGenerator<string, void, undefined> {
  return leavable(textChunks(stream), () => void stream.return(undefined));
}

async function* textChunks(stream: AsyncIterable<ChunkEvent>): AsyncGenerator<string, void, undefined> {
  for await (const event of stream) {
    if (event.type === 'text') yield event.text;
  }
}
