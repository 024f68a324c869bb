import { leavable } from '../leavable.ts';

/** A response on its way: first its head, then its body piece by piece. */
export type Piece = Head | Uint8Array;

interface Head {
  status: number;
  headers: Headers;
}

/**
 * Asks for a response and passes it on as it is read. `complete` is told of the whole body, unless it is longer than
 * `maxLength` characters, before the reader is told its end. Whoever leaves aborts the asking and cancels the body.
 */
export function readResponse(
  ask: (signal: AbortSignal) => Promise<Response>,
  maxLength: number,
  complete: (head: Head, body: string) => Promise<void>,
): AsyncGenerator<Piece, void, undefined> {
  const abort = new AbortController();
  let body: ReadableStreamDefaultReader<Uint8Array> | undefined;

  async function* read(): AsyncGenerator<Piece, void, undefined> {
    const response = await ask(abort.signal);
    body = response.body?.getReader();
    yield response;
    const decoder = new TextDecoder();
    let text = '';
    for (let next = await body?.read(); next && !next.done; next = await body?.read()) {
      if (text.length <= maxLength) text += decoder.decode(next.value, { stream: true });
      yield next.value;
    }
    if (text.length <= maxLength) await complete(response, text + decoder.decode());
  }
  return leavable(read(), () => {
    abort.abort();
    body?.cancel().catch(() => {});
  });
}

/** A response whose body is read as it comes. */
export async function toResponse(
  pieces: AsyncGenerator<Piece, void, undefined>,
  more: Record<string, string>,
): Promise<Response> {
  const { value: head } = await pieces.next();
  if (!head || head instanceof Uint8Array) throw new TypeError('a response without a head');
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else if (value instanceof Uint8Array) controller.enqueue(value);
      },
      async cancel() {
        await pieces.return();
      },
    },
    // Nothing is read ahead of the reader.
    { highWaterMark: 0 },
  );
  const response = new Response(body, { status: head.status, headers: head.headers });
  for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
  return response;
}

/** Whether the body, JSON or server-sent events, is a message that came to a good end. */
export function isCompleteMessage(body: string): boolean {
  try {
    if (body.startsWith('{')) return isGoodEnd(JSON.parse(body).stop_reason);
    const events = body
      .split('\n')
      .filter(line => line.startsWith('data: ') && !line.includes('"content_block_delta"'))
      .map(line => JSON.parse(line.slice(6)));
    const last = events.findLast(event => event.type === 'message_delta');
    return events.at(-1)?.type === 'message_stop' && isGoodEnd(last?.delta?.stop_reason);
  } catch {
    return false;
  }
}

function isGoodEnd(stopReason: unknown): boolean {
  return stopReason === 'end_turn' || stopReason === 'stop_sequence' || stopReason === 'tool_use';
}
