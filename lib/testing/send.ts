import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, StreamEvent } from './answer.ts';
import type { Connection } from './connection.ts';

/** Sends events until they end, the failure strikes or the client leaves (rejects then). */
export async function sendEvents(
  connection: Connection,
  events: AsyncIterable<StreamEvent | string> | Iterable<StreamEvent | string>,
  options: { delay: number; failure: Failure | undefined },
): Promise<void> {
  const { delay, failure } = options;
  const { response, signal } = connection;
  const after = failure?.after ?? 1;
  let deltas = 0;

  if (failure && after === 'request') return fail(connection, failure);
  if (failure && after === 'headers') {
    response.flushHeaders();
    return fail(connection, failure);
  }

  for await (const event of events) {
    const type = typeof event === 'string' ? undefined : event.type;
    if (failure && typeof after === 'number' && isPast(after, deltas, type)) break;
    if (type === 'content_block_delta') {
      if (deltas > 0 && delay > 0) await sleep(delay, undefined, { signal });
      deltas += 1;
    }
    await write(connection, typeof event === 'string' ? event : sse(event));
    if (failure && (type === after || (type === 'content_block_delta' && deltas === after))) break;
  }

  if (failure) await fail(connection, failure);
  else response.end();
}

/** Sends a whole body, or breaks off half-way through it. */
export async function sendWhole(
  connection: Connection,
  body: string,
  failure: Failure | undefined,
): Promise<void> {
  if (!failure) {
    connection.response.setHeader('content-length', Buffer.byteLength(body)).end(body);
    return;
  }
  if (failure.after !== 'request') await write(connection, body.slice(0, body.length / 2));
  await fail(connection, failure.kind === 'malformed-sse' ? { kind: 'eof' } : failure);
}

/** With a number of deltas to fail after: must the stream break off before this event? */
function isPast(after: number, deltas: number, type: string | undefined): boolean {
  return type === 'message_delta' || (type === 'content_block_delta' && deltas >= after);
}

function sse(event: StreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Writes no faster than the client reads. */
async function write({ response, signal }: Connection, text: string): Promise<void> {
  signal.throwIfAborted();
  if (!response.write(text)) await once(response, 'drain', { signal });
}

async function fail(connection: Connection, failure: Failure): Promise<void> {
  const { response, signal } = connection;
  if (failure.kind !== 'stall') connection.finish();
  switch (failure.kind) {
    case 'stall':
      if (!signal.aborted) await once(signal, 'abort');
      return;
    case 'reset':
      // A reset can overtake what was sent before it. A busy client may miss this moment, as in a real network.
      if (response.headersSent) await sleep(readingTime, undefined, { signal });
      response.socket?.resetAndDestroy();
      return;
    case 'eof':
      if (response.headersSent) response.end();
      else response.socket?.end();
      return;
    case 'malformed-sse':
      response.end('event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n');
      return;
    case 'error-event': {
      const { type, message } = failure.error ?? { type: 'overloaded_error', message: 'Overloaded' };
      response.end(sse({ type: 'error', error: { type, message } }));
      return;
    }
  }
}

/** Milliseconds. */
const readingTime = 20;
