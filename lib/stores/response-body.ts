/** What is told of a body on its way. */
export interface BodyWatcher {
  /** All of it was read. The reader is told the end after this. */
  complete(body: string): Promise<void>;
  /** It was read, left or broken off. */
  over(): void;
}

/** Passes the body of a response on as it is read. One that is longer than `maxLength` characters is not kept. */
export function watchBody(response: Response, maxLength: number, watcher: BodyWatcher): Response {
  const reader = response.body?.getReader();
  if (!reader) {
    watcher.over();
    return response;
  }
  const decoder = new TextDecoder();
  let text = '';
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await reader.read();
          if (!done) {
            if (text.length <= maxLength) text += decoder.decode(value, { stream: true });
            controller.enqueue(value);
            return;
          }
          if (text.length <= maxLength) await watcher.complete(text + decoder.decode());
          watcher.over();
          controller.close();
        } catch (error) {
          watcher.over();
          throw error;
        }
      },
      cancel(reason) {
        watcher.over();
        return reader.cancel(reason);
      },
    },
    // Nothing is read ahead of the reader.
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}

/** Whether the body, JSON or server-sent events, is a message that came to a good end. */
export function isCompleteMessage(body: string): boolean {
  if (body.startsWith('{')) return isGoodEnd(JSON.parse(body).stop_reason);
  const events = body
    .split('\n')
    .filter(line => line.startsWith('data: ') && !line.includes('"content_block_delta"'))
    .map(line => JSON.parse(line.slice(6)));
  const last = events.findLast(event => event.type === 'message_delta');
  return events.at(-1)?.type === 'message_stop' && isGoodEnd(last?.delta?.stop_reason);
}

function isGoodEnd(stopReason: unknown): boolean {
  return stopReason === 'end_turn' || stopReason === 'stop_sequence' || stopReason === 'tool_use';
}
