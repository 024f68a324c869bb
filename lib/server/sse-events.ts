/** One server-sent event: its name and its data, as text. */
export interface SseEvent {
  name: string;
  data: string;
}

/**
 * Finds the events in the pieces of an SSE body, wherever the pieces are cut.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createEventReader(): (bytes: Uint8Array) => SseEvent[] {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let tail = '';

  return bytes => {
    const text = decoder.decode(bytes, { stream: true });
    const complete = /\n\r?\n/.test(tail + text);
    pieces.push(text);
    tail = (tail + text).slice(-2);
    // Joined only when an event is complete: a long one that comes in many pieces costs no more than a short one.
    if (!complete) return [];
    const blocks = pieces.join('').split(/\r?\n\r?\n/);
    pieces = [blocks.pop() ?? ''];
    return blocks.map(toEvent).filter(event => event !== undefined);
  };
}

function toEvent(block: string): SseEvent | undefined {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const value = line.slice(line.indexOf(':') + 1).replace(/^ /, '');
    if (line.startsWith('event:')) name = value;
    else if (line.startsWith('data:')) data.push(value);
  }
  return data.length === 0 ? undefined : { name, data: data.join('\n') };
}
