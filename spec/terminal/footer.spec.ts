import { expect, it } from 'vitest';
import type { EndEvent } from '../../lib/index.ts';
import { footer, seconds } from '../../lib/terminal/footer.ts';

const end: EndEvent = {
  type: 'end',
  text: 'Hello',
  stopReason: 'end_turn',
  usage: {
    'claude-opus-5-5': {
      inputTokens: 3,
      outputTokens: 250,
      cacheReadInputTokens: 12_000,
      cacheCreationInputTokens: 500,
      costUsd: 0.05,
    },
  },
  costUsd: 0.05,
  durationMs: 4200,
  firstTextMs: 900,
  turns: 1,
  sessionId: 'id',
};

it('tells model, tokens, cost and time', () => {
  expect(footer(end)).toBe('claude-opus-5-5 · 12.5k in, 250 out · $0.05 · 4.2 s');
});

it('tells why the answer ended when it was not its end', () => {
  expect(footer({ ...end, costUsd: 0.0032, stopReason: 'max_tokens' })).toBe(
    'claude-opus-5-5 · 12.5k in, 250 out · $0.0032 · 4.2 s · max_tokens',
  );
});

it('tells times as people do', () => {
  expect([40, 9_949, 12_400, 59_400, 200_000].map(seconds)).toEqual([
    '0.0 s',
    '9.9 s',
    '12 s',
    '59 s',
    '3 min 20 s',
  ]);
});
