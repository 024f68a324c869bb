import type { SseEvent } from '../sse-events.ts';
import { type MessageUsage, toFinishReason, toUsage } from './to-chat-completion.ts';

/** Maps the events of a message stream, one after the other, to the `data:` of a chat completion stream. */
export interface ChunkMapper {
  map(event: SseEvent): string[];
  /** What is missing when no more events come: nothing, unless the stream broke off. */
  end(): string[];
}

export function createChunkMapper({ includeUsage }: { includeUsage: boolean }): ChunkMapper {
  const created = Math.floor(Date.now() / 1000);
  let [id, model] = ['', ''];
  let usage: MessageUsage = {};
  let stopReason: string | null = null;
  let calls = 0;
  let inputMissing = false;
  let over = false;
  const toJson = (fields: object) =>
    JSON.stringify({ id, object: 'chat.completion.chunk', created, model, ...fields });
  const chunk = (delta: object, finish_reason: string | null = null) =>
    toJson({ choices: [{ index: 0, delta, logprobs: null, finish_reason }] });
  const argumentsOf = (text: string) => {
    inputMissing = false;
    return chunk({ tool_calls: [{ index: calls - 1, function: { arguments: text } }] });
  };

  /** A stream that fails ends without `[DONE]`. */
  const fail = (error: { type?: string; message?: string } = {}) => {
    over = true;
    return JSON.stringify({ error: { ...error, param: null, code: null } });
  };

  const map = (name: string, event: Wire): string[] => {
    const { delta, content_block: block } = event;
    switch (name) {
      case 'message_start':
        ({ id = '', model = '', usage = {} } = event.message ?? {});
        return [chunk({ role: 'assistant', content: '', refusal: null })];
      case 'content_block_start': {
        if (block?.type !== 'tool_use') return [];
        calls += 1;
        inputMissing = true;
        const tool = { name: block.name, arguments: '' };
        return [
          chunk({ tool_calls: [{ index: calls - 1, id: block.id, type: 'function', function: tool }] }),
        ];
      }
      case 'content_block_delta':
        if (delta?.type === 'text_delta') return [chunk({ content: delta.text })];
        return delta?.type === 'input_json_delta' && delta.partial_json
          ? [argumentsOf(delta.partial_json)]
          : [];
      case 'content_block_stop':
        // A call without input has no delta, but no arguments at all would not be JSON.
        return inputMissing ? [argumentsOf('{}')] : [];
      case 'message_delta':
        stopReason = delta?.stop_reason ?? stopReason;
        usage = { ...usage, ...event.usage };
        return [];
      case 'message_stop': {
        over = true;
        const last = includeUsage ? [toJson({ choices: [], usage: toUsage(usage) })] : [];
        return [chunk({}, toFinishReason(stopReason)), ...last, '[DONE]'];
      }
      case 'error':
        return [fail(event.error)];
      default:
        return [];
    }
  };

  return {
    map: ({ name, data }) => (over ? [] : map(name, JSON.parse(data))),
    end: () => (over ? [] : [fail({ type: 'api_error', message: 'The answer broke off' })]),
  };
}

interface Wire {
  message?: { id?: string; model?: string; usage?: MessageUsage };
  content_block?: { type: string; id?: string; name?: string };
  delta?: { type?: string; text?: string; partial_json?: string; stop_reason?: string | null };
  usage?: MessageUsage;
  error?: { type?: string; message?: string };
}
