import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ChunkEvent } from '../../lib/chunks.ts';
import { createLimiter } from '../../lib/limiter.ts';
import type { StreamOptions } from '../../lib/options.ts';
import { createBudget, type StreamFunction, withBudget, withCache } from '../../lib/stores/index.ts';
import { streamResponse } from '../../lib/stream-response.ts';
import { startOfflineApi } from '../../lib/testing/index.ts';
import { runScript } from '../fixtures/run-script.ts';

const directory = mkdtempSync(join(tmpdir(), 'with-budget-spec-'));
afterAll(() => rm(directory, { recursive: true }));
const cli = new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname;
const echo = { pathToClaudeCodeExecutable: cli };

async function collect(stream: AsyncIterable<ChunkEvent>): Promise<ChunkEvent[]> {
  const events: ChunkEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe('withBudget()', () => {
  it('records what the real CLI reports, then refuses without starting a process', async () => {
    await using api = await startOfflineApi();
    const budget = createBudget({ usd: 0.000001 });
    const stream = withBudget(streamResponse, budget);
    const options = { model: 'claude-sonnet-4-5', env: api.env };
    const end = (await collect(stream('Tell me of a river', options))).at(-1);
    expect(end).toMatchObject({ type: 'end', costUsd: budget.status().spent.usd });
    expect(budget.status().spent.usd).toBeGreaterThan(0);
    expect(() => stream('Tell me of a river', options)).toThrow(
      expect.objectContaining({ code: 'BUDGET_EXCEEDED', retryable: false }),
    );
    expect(api.requests).toHaveLength(1);
  });

  it('bounds a call to what is left, or to less when the caller says so', async () => {
    const asked: (number | undefined)[] = [];
    const spy: StreamFunction = (prompt, options: StreamOptions = {}) => {
      asked.push(options.maxBudgetUsd);
      return streamResponse(prompt, options);
    };
    const budget = createBudget({ usd: 0.05 });
    const stream = withBudget(spy, budget);
    await collect(stream('a', echo));
    await collect(stream('a', { ...echo, maxBudgetUsd: 0.02 }));
    await collect(stream('a', echo));
    await collect(withBudget(spy, createBudget({ tokens: 100 }))('a', echo));
    expect(asked).toEqual([0.05, 0.02, expect.closeTo(0.03), undefined]);
    expect(budget.status().spent).toEqual({ usd: expect.closeTo(0.03), tokens: 15 });
  });

  it.each([1, 3])(
    'is exceeded by the calls that hold a slot and no more: %i at a time',
    async concurrency => {
      const budget = createBudget({ usd: 0.025 });
      const stream = withBudget(streamResponse, budget);
      const limiter = createLimiter({ concurrency });
      const calls = Array.from({ length: 12 }, () => collect(stream('a', { ...echo, limiter })));
      const answered = (await Promise.allSettled(calls)).filter(
        ({ status }) => status === 'fulfilled',
      ).length;
      expect(answered).toBeGreaterThanOrEqual(3);
      expect(answered).toBeLessThan(3 + concurrency);
      expect(budget.status().spent.usd).toBeCloseTo(0.01 * answered);
      expect(limiter.pending).toBe(0);
    },
  );

  it('counts every turn and attempt, those that fail too, and nothing that came from a cache', async () => {
    const budget = createBudget({ usd: 1 });
    async function* conversation() {
      yield* ['one', 'fail'];
    }
    const stream = withBudget(streamResponse, budget);
    await expect(collect(stream(conversation(), echo))).rejects.toThrow('Asked to fail');
    expect(budget.status().spent.usd).toBeCloseTo(0.02);
    const store = new Map();
    const outside = withBudget(withCache(streamResponse, { store }), budget);
    const inside = withCache(stream, { store });
    for (const cached of [inside, inside, outside]) await collect(cached('river', echo));
    expect(budget.status().spent.usd).toBeCloseTo(0.03);
  });

  it('adds up what two processes were told', async () => {
    const results = await Promise.all([1, 2].map(() => runScript('spend.mjs', directory, '5', cli).result()));
    const { spent } = createBudget({ usd: 1, window: 'day', directory }).status();
    expect(results).toEqual([1, 2].map(() => expect.objectContaining({ reported: expect.closeTo(0.05) })));
    expect(spent).toEqual({ usd: expect.closeTo(0.1), tokens: 50 });
  });
});
