import type { MessagesBody, StreamEvent } from '../../lib/testing/index.ts';

/** Sends one Messages request. `prompt` is the only user message unless `body` has messages. */
export function postMessage(
  url: string,
  prompt: string,
  body: Partial<MessagesBody> = {},
  init: RequestInit = {},
): Promise<Response> {
  const messages = [{ role: 'user', content: prompt }];
  const whole = { model: 'claude-opus-5-5', max_tokens: 30_000, messages, stream: true, ...body };
  return fetch(`${url}/v1/messages`, { method: 'POST', body: JSON.stringify(whole), ...init });
}

/** The events of an SSE response; rejects where the connection breaks. */
export async function readEvents(response: Response): Promise<StreamEvent[]> {
  return parseEvents(await response.text());
}

export function parseEvents(text: string): StreamEvent[] {
  return text
    .split('\n\n')
    .filter(Boolean)
    .map(event => {
      const [name, data, ...rest] = event.split('\n');
      const parsed = JSON.parse(data?.replace(/^data: /, '') ?? '');
      if (rest.length > 0 || name !== `event: ${parsed.type}`) throw new Error(`Odd event: ${event}`);
      return parsed;
    });
}

/** The text that the deltas of a stream add up to. */
export function textOf(events: readonly StreamEvent[]): string {
  return events.map(event => deltaOf(event).text ?? '').join('');
}

export function deltaOf(event: StreamEvent): Record<string, unknown> {
  return typeof event.delta === 'object' && event.delta !== null ? { ...event.delta } : {};
}

/** A whole message, or an error response. */
export interface Body {
  readonly [field: string]: unknown;
  readonly content: readonly Readonly<Record<string, unknown>>[];
  readonly error: { readonly type: string; readonly message: string };
}

export async function readBody(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

/** Asks for a whole message and returns the text of its first block. */
export async function ask(url: string, prompt: string, body: Partial<MessagesBody> = {}): Promise<unknown> {
  const message = await readBody(await postMessage(url, prompt, { ...body, stream: false }));
  return message.content[0]?.text;
}
