/** One server-sent event: its name and its data, as text. */
export interface SseEvent {
  name: string;
  data: string;
}

/**
 * Finds the events in the pieces of an SSE body, wherever the pieces are cut.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createEventReader(): (piece: Uint8Array) => SseEvent[] {
  const decoder = new TextDecoder();
  let rest = '';

  return piece => {
    const from = Math.max(0, rest.length - 3);
    rest += decoder.decode(piece, { stream: true });
    if (!/\n\r?\n/.test(rest.slice(from))) return [];
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
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
