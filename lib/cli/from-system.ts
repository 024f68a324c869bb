import type { ChunkEvent } from '../chunks.ts';
import type { CliMessage, RateLimitMessage, SystemMessage } from './messages.ts';
import type { TurnState } from './to-chunks.ts';

/** A system message as chunk events: the start of a turn, a retry, or something the CLI says about its own doing. */
export function fromSystem(message: SystemMessage, state: TurnState): ChunkEvent[] {
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

/** The CLI repeats a request; what it has given up of the text is void. */
export function retry(state: TurnState, facts: RetryFacts): ChunkEvent {
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

export function fromRateLimit(
  { rate_limit_info: info = {} }: RateLimitMessage,
  state: TurnState,
): ChunkEvent {
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

export function notice(name: string, text: string, message: CliMessage): ChunkEvent {
  return { type: 'notice', name, text, detail: { ...message } };
}
