import type { MessagesRequest } from './messages-request.ts';
import type { MessagesPlan } from './plan.ts';
import { samplingOf, systemPromptOf, toSettings } from './replay.ts';

/**
 * The opt-in transport for one's own API credentials: `messages` and `tools` travel in the extra body, so they reach
 * the API byte for byte. The line that starts the turn is a dummy that the extra body replaces.
 */
export function exact(request: MessagesRequest): MessagesPlan {
  const { messages, tools } = request;
  return {
    initialize: systemPromptOf(request),
    settings: toSettings(request, { ...samplingOf(request), messages, ...(tools ? { tools } : {}) }),
    // The CLI has to know the names, so that it waits for us when the model calls one; the schemas are in the body.
    tools: (tools ?? []).map(({ name }) => ({ name, inputSchema: { type: 'object' } })),
    history: [],
    question: { role: 'user', content: '.' },
    maxTokens: request.max_tokens,
    keep: false,
  };
}
