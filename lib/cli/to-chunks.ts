import type { ChunkEvent, ContentBlock } from '../chunks.ts';
import { fromRateLimit, fromSystem, notice, retry } from './from-system.ts';
import { GrowingText } from './growing-text.ts';
import type { AssistantMessage, CliMessage, StreamEventMessage, UserEcho } from './messages.ts';

/** What one turn has shown so far. Text and stop reason of the result come from here, not from the CLI's last message. */
export interface TurnState {
  /** Text delivered and not superseded. */
  readonly text: string;
  /** The same while it grows. */
  readonly growing: GrowingText;
  /** When the first text came (`performance.now()`). */
  firstTextAt: number | undefined;
  /** Why the last complete response stopped. */
  stopReason: string | null;
  /** The failure the CLI last reported in place of a response. */
  failure: { category: string; requestId: string | null } | undefined;
  /** When the usage limit that refused the request resets. */
  limitedUntil: Date | undefined;
  /** The response that is being streamed. */
  streamed: { id: string; model: string; blocks: ContentBlock[]; blockStarts: number[] } | undefined;
  /** Characters at the end of `text` that the CLI has given up and will ask for again. */
  abandoned: number;
}

export function newTurnState(): TurnState {
  return {
    get text() {
      return this.growing.toString();
    },
    growing: new GrowingText(),
    firstTextAt: undefined,
    stopReason: null,
    failure: undefined,
    limitedUntil: undefined,
    streamed: undefined,
    abandoned: 0,
  };
}

/** One CLI message as chunk events; `result` messages are `toSummary`'s. Keeps `state` up to date. */
export function toChunks(message: CliMessage, state: TurnState): ChunkEvent[] {
  switch (message.type) {
    case 'stream_event':
      return fromStreamEvent(message, state);
    case 'assistant':
      return fromAssistant(message, state);
    case 'system':
      return fromSystem(message, state);
    case 'user':
      return fromUser(message);
    case 'rate_limit_event':
      return [fromRateLimit(message, state)];
    case 'control_response':
    case 'control_request':
    case 'control_cancel_request':
    case 'command_lifecycle':
    case 'keep_alive':
    case 'result':
      return [];
    case 'conversation_reset':
      return [notice(message.type, '', message)];
    default:
      return [{ type: 'unknown', message: message satisfies never }];
  }
}

function fromStreamEvent(
  { event, parent_tool_use_id, abandoned_blocks }: StreamEventMessage,
  state: TurnState,
): ChunkEvent[] {
  // A subagent's answer arrives complete, as an assistant message.
  if (!event || parent_tool_use_id) return [];
  switch (event.type) {
    case 'content_block_delta':
      return fromDelta(event.delta, state);
    case 'message_start': {
      const { id = '', model = '' } = event.message ?? {};
      state.streamed = { id, model, blocks: [], blockStarts: [] };
      // The CLI gave up what came before without announcing a retry.
      return state.abandoned > 0 ? [retry(state, { delay: 0 })] : [];
    }
    case 'content_block_start':
      state.streamed?.blockStarts.push(state.text.length);
      return [];
    case 'message_delta':
      state.stopReason = event.delta?.stop_reason ?? null;
      if (state.stopReason !== null) state.failure = undefined;
      return [];
    case 'message_stop':
      return endStreamed(state, abandoned_blocks?.from_block_index);
    default:
      return [];
  }
}

function fromDelta(
  delta: { type?: string; text?: string; thinking?: string } = {},
  state: TurnState,
): ChunkEvent[] {
  if (delta.type === 'text_delta' && delta.text) {
    state.firstTextAt ??= performance.now();
    state.growing.append(delta.text);
    return [{ type: 'text', text: delta.text }];
  }
  if (delta.type === 'thinking_delta' && delta.thinking) return [{ type: 'thinking', text: delta.thinking }];
  return [];
}

function endStreamed(state: TurnState, abandonedFrom: number | undefined): ChunkEvent[] {
  const { streamed } = state;
  state.streamed = undefined;
  if (!streamed) return [];
  if (abandonedFrom !== undefined) {
    state.abandoned = state.text.length - (streamed.blockStarts[abandonedFrom] ?? state.text.length);
    return [];
  }
  const { id, model, blocks } = streamed;
  return [
    { type: 'message', id, model, content: blocks, stopReason: state.stopReason, parentToolCallId: null },
  ];
}

/** The CLI prints one assistant message per finished block, and a synthetic one in place of a failed response. */
function fromAssistant(message: AssistantMessage, state: TurnState): ChunkEvent[] {
  const { id = '', model = '', content = [], stop_reason: stopReason = null } = message.message ?? {};
  const parentToolCallId = message.parent_tool_use_id ?? null;
  if (model === '<synthetic>') {
    if (message.error) state.failure = { category: message.error, requestId: message.request_id ?? null };
    return [notice('synthetic', textOf(content), message)];
  }
  const calls = content
    .filter(block => block.type === 'tool_use')
    .map(block => toolCall(block, parentToolCallId));
  if (state.streamed?.id === id && parentToolCallId === null) {
    state.streamed.blocks.push(...content);
    return calls;
  }
  const whole: ChunkEvent = { type: 'message', id, model, content, stopReason, parentToolCallId };
  if (parentToolCallId !== null) return [...calls, whole];
  const text = textOf(content);
  if (text) state.firstTextAt ??= performance.now();
  state.growing.append(text);
  state.stopReason = stopReason;
  return [...(text ? [{ type: 'text', text } as const] : []), ...calls, whole];
}

function toolCall(block: ContentBlock, parentToolCallId: string | null): ChunkEvent {
  return {
    type: 'tool-call',
    id: String(block.id),
    name: String(block.name),
    input: block.input,
    parentToolCallId,
  };
}

function textOf(content: ContentBlock[]): string {
  return content
    .map(block => (block.type === 'text' && typeof block.text === 'string' ? block.text : ''))
    .join('');
}

/** Tool results, and what the CLI tells the model on its own: `continuation`. */
function fromUser(message: UserEcho): ChunkEvent[] {
  const content = message.message?.content ?? [];
  const blocks: ContentBlock[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const parentToolCallId = message.parent_tool_use_id ?? null;
  const results = blocks.filter(block => block.type === 'tool_result');
  if (results.length === 0)
    return [notice(message.isSynthetic ? 'continuation' : 'user', textOf(blocks), message)];
  return results.map(block => ({
    type: 'tool-result',
    id: String(block.tool_use_id),
    content: block.content,
    isError: block.is_error === true,
    parentToolCallId,
  }));
}
