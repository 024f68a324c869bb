import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { StreamEvent } from '../../lib/cli/messages.ts';
import { createPool } from '../../lib/index.ts';
import { collectMetrics } from '../../lib/metrics.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { answer } from '../../lib/workers/answer.ts';
import { FollowUp } from '../../lib/workers/follow-up.ts';
import { replay } from '../../lib/workers/replay.ts';
import { slowly } from '../messages/parts.ts';

const tools = [{ name: 'look_up', input_schema: { type: 'object' } }];

function followUp(maxTokens = 1000): FollowUp {
  const messages = [{ role: 'user' as const, content: 'Hi' }];
  return new FollowUp(replay({ model: 'm', max_tokens: maxTokens, messages, tools }));
}

const start = (input_tokens: number): StreamEvent => ({
  type: 'message_start',
  message: { usage: { input_tokens } },
});
const block = (content_block: { type: string; name?: string }): StreamEvent => ({
  type: 'content_block_start',
  content_block,
});
const delta = (text: string): StreamEvent => ({ type: 'content_block_delta', delta: { text } });
const json = (partial_json: string): StreamEvent => ({
  type: 'content_block_delta',
  delta: { partial_json },
});

describe('a request that follows a response', () => {
  it.each([
    ['max_tokens', [{ type: 'text', text: 'cut' }], true],
    ['model_context_window_exceeded', [{ type: 'text', text: 'cut' }], true],
    ['end_turn', [{ type: 'text', text: 'done' }], false],
    ['end_turn', [{ type: 'text', text: ' \n' }], true],
    ['end_turn', [{ type: 'thinking', thinking: 'Hm.' }], true],
    ['stop_sequence', [], true],
    ['tool_use', [{ type: 'tool_use', name: 'look_up' }], false],
    [
      'tool_use',
      [
        { type: 'tool_use', name: 'look_up' },
        { type: 'tool_use', name: 'else' },
      ],
      true,
    ],
    ['refusal', [], false],
    ['pause_turn', [], false],
    [null, [], false],
  ])('is due after %s with %j: %s', (stopReason, content, due) => {
    expect(followUp().isDue(stopReason, content)).toBe(due);
  });

  it('is not possible while an answer is short and plain', () => {
    const answer = followUp();
    const events = [
      start(10),
      block({ type: 'text' }),
      delta('Four.'),
      block({ type: 'tool_use', name: 'look_up' }),
    ];
    expect(events.map(event => answer.isPossible(event))).toEqual([false, false, false, false]);
  });

  it.each([
    ['few tokens are allowed', 100, start(10)],
    ['the context is long', 1000, start(150_000)],
    ['the model thinks', 1000, block({ type: 'thinking' })],
    ['a tool is called that is not there', 1000, block({ type: 'tool_use', name: 'else' })],
    ['a text has as many bytes as tokens are left', 1000, delta('é'.repeat(450))],
    ['so has the input of a tool', 1000, json('x'.repeat(900))],
  ])('is possible once %s', (_, maxTokens, event) => {
    expect(followUp(maxTokens).isPossible(event)).toBe(true);
  });

  it('counts all deltas of an answer', () => {
    const answer = followUp(1000);
    const deltas = [delta('x'.repeat(400)), json('x'.repeat(400)), delta('x'.repeat(100))];
    expect(deltas.map(event => answer.isPossible(event))).toEqual([false, false, true]);
  });
});

describe('an answer that the CLI would go on with', () => {
  let api: OfflineApi;
  beforeAll(async () => {
    api = await startOfflineApi();
  });
  beforeEach(() => api.reset());
  afterAll(() => api.close());

  it('is whole also where its end leaves no time to tell the CLI: its worker is ended', async () => {
    await using pool = createPool({ max: 1, warm: 0 });
    api.reply([]);
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const request = { model: 'claude-opus-5-5', max_tokens: 1000, messages };
    const types: string[] = [];
    for await (const { type } of answer(request, { env: api.env, pool })) types.push(type);
    expect(types).toEqual(['message_start', 'message_delta', 'message_stop']);
    await expect.poll(() => pool.stats.ended).toEqual({ unsure: 1 });
  });

  it('keeps its worker, which then knows nothing of it, and tells what it cost', async () => {
    await using pool = createPool({ max: 1, warm: 0 });
    const metrics = collectMetrics();
    onTestFinished(() => metrics.stop());
    for (const question of ['one', 'two', 'three']) {
      api.reply({
        // The CLI is told at its start that it must not go on, and has confirmed that by its end.
        content: [
          { type: 'text', text: slowly('It was') },
          { type: 'text', text: slowly(' a dark') },
        ],
        stopReason: 'max_tokens',
        usage: { input_tokens: 100, output_tokens: 10 },
      });
      const before = metrics.read().costUsd;
      const request = {
        model: 'claude-opus-5-5',
        max_tokens: 10,
        messages: [{ role: 'user' as const, content: question }],
      };
      for await (const _ of answer(request, { env: api.env, pool }));
      await expect.poll(() => metrics.read().costUsd, { timeout: 10_000 }).toBeGreaterThan(before);
    }
    expect(
      api.requests.map(({ body }) => JSON.stringify(body.messages).match(/one|two|three|dark/g)),
    ).toEqual([['one'], ['two'], ['three']]);
    expect(pool.stats.served).toMatchObject({ cold: 1, rewound: 2 });
    expect(pool.stats.ended).toEqual({});
  });
});
