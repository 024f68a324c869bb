import type { ContentBlock } from '../../chunks.ts';

/** A message of the Messages API, as far as a chat completion tells of it. */
export interface Message {
  id: string;
  model: string;
  content: ContentBlock[];
  stop_reason: string | null;
  usage: MessageUsage;
}

export interface MessageUsage {
  input_tokens?: number | null;
  output_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
}

/** A whole message as a chat completion. Thinking has no place there and is left out. */
export function toChatCompletion({ id, model, content, stop_reason, usage }: Message) {
  const texts = content.filter(block => block.type === 'text');
  const calls = content.filter(block => block.type === 'tool_use').map(toToolCall);
  return {
    id,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: texts.length > 0 ? texts.map(block => block.text).join('') : null,
          refusal: null,
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: toFinishReason(stop_reason),
      },
    ],
    usage: toUsage(usage),
  };
}

export function toFinishReason(stopReason: string | null): string {
  return stopReason === null ? 'stop' : (finishReasons[stopReason] ?? 'stop');
}

const finishReasons: Readonly<Record<string, string>> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** There, the prompt's tokens include those read from and written to the cache. */
export function toUsage(usage: MessageUsage) {
  const cached = usage.cache_read_input_tokens ?? 0;
  const prompt = (usage.input_tokens ?? 0) + cached + (usage.cache_creation_input_tokens ?? 0);
  const completion = usage.output_tokens ?? 0;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function toToolCall({ id, name, input }: ContentBlock) {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } };
}
