import type { ChunkEvent, ContentBlock } from '../chunks.ts';
import { GrowingText } from './growing-text.ts';
import type {
  AssistantMessage,
  CliMessage,
  RateLimitMessage,
  StreamEventMessage,
  SystemMessage,
  UserEcho,
} from './messages.ts';

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

function fromSystem(message: SystemMessage, state: TurnState): ChunkEvent[] {
  switch (message.subtype) {
    case 'init':
      return [
        {
          type: 'start',
          sessionId: message.session_id ?? '',
          model: message.model ?? '',
          cliVersion: message.claude_code_version ?? '',
          tools: message.tools ?? [],
          apiKeySource: message.apiKeySource ?? 'none',
        },
      ];
    case 'api_retry':
      return [
        retry(state, {
          attempt: message.attempt,
          maxAttempts: message.max_retries === undefined ? undefined : message.max_retries + 1,
          delay: message.retry_delay_ms,
          status: message.error_status,
          error: message.error,
        }),
      ];
    case 'model_refusal_no_fallback':
      state.stopReason = 'refusal';
      return [notice(message.subtype, message.content ?? '', message)];
    case undefined:
      return [{ type: 'unknown', message: { ...message } }];
    default:
      return knownNotices.has(message.subtype)
        ? [notice(message.subtype, message.content ?? message.status ?? '', message)]
        : [{ type: 'unknown', message: { ...message } }];
  }
}

const knownNotices = new Set(
  [
    'status',
    'informational',
    'thinking_tokens',
    'background_tasks_changed',
    'permission_denied',
    'compact_boundary',
  ]
    .concat([
      'hook_started',
      'hook_progress',
      'hook_response',
      'task_started',
      'task_progress',
      'task_updated',
    ])
    .concat(['task_notification', 'local_command_output', 'files_persisted', 'session_state_changed']),
);

interface RetryFacts {
  attempt?: number | undefined;
  maxAttempts?: number | undefined;
  delay?: number | undefined;
  status?: number | null | undefined;
  error?: string | undefined;
}

function retry(state: TurnState, facts: RetryFacts): ChunkEvent {
  const supersededLength = state.abandoned;
  state.growing.cut(supersededLength);
  state.abandoned = 0;
  return {
    type: 'retry',
    source: 'cli',
    attempt: facts.attempt ?? 1,
    maxAttempts: facts.maxAttempts ?? 1,
    delay: facts.delay ?? 0,
    status: facts.status ?? null,
    error: facts.error ?? 'unknown',
    supersededLength,
  };
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

function fromRateLimit({ rate_limit_info: info = {} }: RateLimitMessage, state: TurnState): ChunkEvent {
  const resetsAt = info.resetsAt === undefined ? null : new Date(info.resetsAt * 1000);
  state.limitedUntil = (info.status === 'rejected' && resetsAt) || undefined;
  return {
    type: 'rate-limit',
    status: info.status ?? '',
    resetsAt,
    limit: info.rateLimitType ?? null,
    utilization: info.utilization ?? null,
  };
}

function notice(name: string, text: string, message: CliMessage): ChunkEvent {
  return { type: 'notice', name, text, detail: { ...message } };
}
