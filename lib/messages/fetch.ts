import { createHandler } from './handler.ts';
import type { HandlerOptions } from './options.ts';

/**
 * A `fetch` for clients of the Messages API. It answers by itself, whatever the host, and never touches the network:
 *
 * ```ts
 * import Anthropic from '@anthropic-ai/sdk';
 *
 * const client = new Anthropic({ apiKey: 'unused', fetch: createFetch() });
 * ```
 *
 * @throws {InvalidOptionError} when called. The function it makes rejects only with the reason of an aborted signal.
 */
export function createFetch(options: HandlerOptions = {}): typeof fetch {
  const handler = createHandler(options);
  return async (input, init) => handler(new Request(input, init));
}
