import type { ModelUsage, Summary } from '../chunks.ts';
import {
  ApiError,
  type ApiFailure,
  type ClaudeCliError,
  NotSignedInError,
  OverloadedError,
  ProtocolError,
  RateLimitError,
} from '../errors.ts';
import type { ResultMessage, WireModelUsage } from './messages.ts';
import type { TurnState } from './to-chunks.ts';

/** What the CLI says of a finished turn. */
export type TurnFacts = Pick<Summary, 'stopReason' | 'usage' | 'costUsd' | 'turns' | 'sessionId'>;

export type TurnResult =
  | ({ ok: true } & TurnFacts)
  | { ok: false; error: ClaudeCliError; usage: TurnFacts['usage'] };

/**
 * The end of a turn. `before` is the usage of the process when the turn began: the CLI counts since its start.
 * Sources of the rules: `is_error` decides, not `subtype`; a completed response is an answer even when the CLI then
 * objects (a refusal, a pause, a limit of the caller's).
 */
export function toTurnResult(
  result: ResultMessage,
  state: TurnState,
  before: ResultMessage['modelUsage'] = {},
): TurnResult {
  const stopReason = stopReasonOf(result, state);
  const usage = usageSince(result.modelUsage ?? {}, before);
  if (stopReason === undefined) return { ok: false, error: toError(result, state), usage };
  return {
    ok: true,
    stopReason,
    usage,
    costUsd: Object.values(usage).reduce((sum, model) => sum + model.costUsd, 0),
    turns: result.num_turns ?? 1,
    sessionId: result.session_id ?? '',
  };
}

function stopReasonOf(result: ResultMessage, state: TurnState): string | undefined {
  if (result.subtype === 'error_max_turns') return 'max_turns';
  if (result.subtype === 'error_max_budget_usd') return 'max_budget';
  if (state.stopReason === 'refusal') return 'refusal';
  if (!result.is_error) return state.stopReason ?? result.stop_reason ?? 'end_turn';
  return state.failure ? undefined : (state.stopReason ?? undefined);
}

function toError(result: ResultMessage, state: TurnState): ClaudeCliError {
  const message = result.result || result.errors?.join('; ') || `the turn failed: ${result.subtype}`;
  if (!state.failure && result.api_error_status == null) return new ProtocolError(message);
  const category = state.failure?.category ?? 'unknown';
  const status = result.api_error_status ?? null;
  if (category === 'authentication_failed' && status === null) return new NotSignedInError(message);
  const failure: ApiFailure = {
    status,
    category,
    message,
    requestId: state.failure?.requestId ?? null,
    retryAfter: state.limitedUntil ? Math.max(0, (state.limitedUntil.getTime() - Date.now()) / 1000) : null,
  };
  if (status === 429) return new RateLimitError(failure);
  if (status === 529) return new OverloadedError(failure);
  return new ApiError(failure);
}

function usageSince(
  now: Record<string, WireModelUsage>,
  before: Record<string, WireModelUsage>,
): Record<string, ModelUsage> {
  const entries = Object.entries(now).map(([model, total]): [string, ModelUsage] => {
    const earlier = before[model] ?? {};
    const since = (field: keyof WireModelUsage) => (total[field] ?? 0) - (earlier[field] ?? 0);
    return [
      model,
      {
        inputTokens: since('inputTokens'),
        outputTokens: since('outputTokens'),
        cacheReadInputTokens: since('cacheReadInputTokens'),
        cacheCreationInputTokens: since('cacheCreationInputTokens'),
        costUsd: since('costUSD'),
      },
    ];
  });
  return Object.fromEntries(entries.filter(([, usage]) => Object.values(usage).some(amount => amount !== 0)));
}
