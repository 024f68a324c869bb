import { afterEach, describe, expect, it, vi } from 'vitest';
import { newTurnState } from '../../lib/cli/to-chunks.ts';
import { toTurnResult } from '../../lib/cli/to-turn-result.ts';
import { recordedTurns } from '../fixtures/recording.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a turn that ended with an answer', () => {
  it.each([
    ['simple-text', 'end_turn'],
    ['stop-sequence', 'stop_sequence'],
    ['pause-turn', 'pause_turn'],
    ['max-tokens', 'end_turn'],
    ['budget-guard-end-turn', 'max_budget'],
    ['midstream-reset-retry-ok', 'end_turn'],
    ['citations', 'end_turn'],
  ])('%s: %s', (name, stopReason) => {
    expect(recordedTurns(name)[0]?.result).toMatchObject({
      ok: true,
      stopReason,
      sessionId: expect.any(String),
    });
  });

  it('costs what it cost, not what its process has cost since its start', () => {
    const [first, second] = recordedTurns('two-turns').map(({ result }) => result);
    expect(first?.ok && second?.ok).toBe(true);
    if (!first?.ok || !second?.ok) return;
    expect(second.usage).toEqual(first.usage);
    expect(first.costUsd).toBeCloseTo(0.00024, 6);
    expect(second.costUsd).toBeCloseTo(0.00024, 6);
  });

  it('has its tokens by model', () => {
    const [turn] = recordedTurns('simple-text');
    expect(turn?.result).toMatchObject({
      usage: { 'claude-opus-5-5': { inputTokens: 25, outputTokens: 7, cacheReadInputTokens: 0 } },
    });
  });

  it('a limit of the caller is a stop reason', () => {
    const result = toTurnResult(
      { type: 'result', subtype: 'error_max_turns', is_error: true },
      newTurnState(),
    );
    expect(result).toMatchObject({ ok: true, stopReason: 'max_turns', usage: {}, costUsd: 0 });
  });
});

describe('a turn that failed', () => {
  it.each([
    ['error-400', { code: 'API_ERROR', status: 400, retryable: false, requestId: 'req_err_400' }],
    ['error-401', { code: 'API_ERROR', status: 401, category: 'authentication_failed', retryable: false }],
    ['error-403-oauth', { code: 'API_ERROR', status: 403, category: 'oauth_org_not_allowed' }],
    ['error-404', { code: 'API_ERROR', status: 404, category: 'model_not_found', retryable: false }],
    ['error-413', { code: 'API_ERROR', status: 413, retryable: false }],
    ['error-429', { code: 'RATE_LIMITED', status: 429, retryable: true, retryAfter: null }],
    ['error-500', { code: 'API_ERROR', status: 500, retryable: true }],
    ['error-529', { code: 'OVERLOADED', status: 529, retryable: true }],
    ['error-connection-refused', { code: 'API_ERROR', status: null, retryable: true }],
    ['error-sse-midstream', { code: 'API_ERROR', status: null, retryable: true }],
    ['midstream-reset-no-fallback', { code: 'API_ERROR', status: null, retryable: true }],
    ['not-logged-in', { code: 'NOT_SIGNED_IN', retryable: false }],
    ['interrupt-midstream', { code: 'PROTOCOL', retryable: false }],
  ])('%s', (name, expected) => {
    const result = recordedTurns(name)[0]?.result;
    expect(result?.ok).toBe(false);
    expect(result && !result.ok && result.error).toMatchObject(expected);
    expect(result && !result.ok && result.error.message).not.toBe('');
  });

  it('at the limit of a plan says when it resets', () => {
    vi.useFakeTimers({ now: new Date((1795422855 - 90) * 1000) });
    const result = recordedTurns('rate-limit-rejected-oauth')[0]?.result;
    expect(result && !result.ok && result.error).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 90 });
  });

  it('without any fields is PROTOCOL, not an exception', () => {
    const result = toTurnResult({ type: 'result', is_error: true }, newTurnState());
    expect(result).toMatchObject({ ok: false, error: { code: 'PROTOCOL' } });
  });
});
