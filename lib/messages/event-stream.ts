import type { StreamEvent } from '../cli/messages.ts';
import { toWireError } from './to-error-response.ts';

/** One answer, and how to leave it. */
export interface Answer {
  /** The first event has been taken already: before it, a failure still has a status. */
  first: StreamEvent;
  rest: AsyncGenerator<StreamEvent, void, undefined>;
  /** Aborts when the request does, and when the response's body is cancelled. */
  abort: AbortController;
  requestId: string;
  /** Called once, when nothing more will happen. */
  done(): void;
}

/**
 * The body of a streamed response: server-sent events. One event is taken per pull and none is kept, so a reader who
 * stops reading stops the CLI.
 */
export function eventStream({ first, rest, abort, requestId, done }: Answer): ReadableStream<Uint8Array> {
  const { signal } = abort;
  let next: StreamEvent | undefined = first;
  let left: Promise<void> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // Also when nobody is reading, the answer ends at once. Who aborted gets the reason, as from `fetch`.
        const leave = () => {
          left = rest.return().then(done, done);
          controller.error(signal.reason);
        };
        if (signal.aborted) leave();
        else signal.addEventListener('abort', leave, { once: true });
      },
      async pull(controller) {
        try {
          const event = next ?? (await rest.next()).value;
          next = undefined;
          if (signal.aborted) return;
          if (event) return controller.enqueue(encode(event));
        } catch (error) {
          if (signal.aborted) return;
          controller.enqueue(serverSentEvent(toWireError(error, requestId).body));
        }
        controller.close();
        done();
      },
      async cancel(reason) {
        abort.abort(reason);
        await left;
      },
    },
    { highWaterMark: 0 },
  );
}

/** The CLI keeps `ping` events for itself; the API sends one after `message_start`. */
function encode(event: StreamEvent): Uint8Array {
  return event.type === 'message_start'
    ? Buffer.concat([serverSentEvent(event), serverSentEvent({ type: 'ping' })])
    : serverSentEvent(event);
}

function serverSentEvent(event: { type: string }): Uint8Array {
  return new TextEncoder().encode(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}
