import type { Summary } from './chunks.ts';
import type { Prompt, StreamOptions } from './options.ts';
import { streamResponse } from './stream-response.ts';

/**
 * Asks the Claude CLI and resolves with the whole answer: `streamResponse()` read to its end, nothing else.
 * Rejects with what `streamResponse()` throws.
 */
export async function getResponse(prompt: Prompt, options: StreamOptions = {}): Promise<Summary> {
  const stream = streamResponse(prompt, options);
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return value;
  }
}
