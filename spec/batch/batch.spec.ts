import { describe, expect, it } from 'vitest';
import { type BatchOptions, type BatchProgress, type BatchResult, batch } from '../../lib/batch/index.ts';
import { createLimiter } from '../../lib/limiter.ts';
import { createBudget, withBudget } from '../../lib/stores/index.ts';
import { streamResponse } from '../../lib/stream-response.ts';

const echo = { pathToClaudeCodeExecutable: new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname };
const slowEcho = { ...echo, env: { ANTHROPIC_ECHO_DELAY: '60000' } };

async function collect(results: AsyncIterable<BatchResult>): Promise<BatchResult[]> {
  const collected: BatchResult[] = [];
  for await (const result of results) collected.push(result);
  return collected;
}

const textOf = (result: BatchResult) => (result.ok ? result.summary.text : result.error.code);

/** `streamResponse()` that counts what runs, and how many at the same time. */
function watched() {
  const seen = { running: 0, most: 0, calls: 0 };
  const stream: typeof streamResponse = async function* (prompt, options) {
    seen.calls += 1;
    seen.most = Math.max(seen.most, ++seen.running);
    try {
      return yield* streamResponse(prompt, options);
    } finally {
      seen.running -= 1;
    }
  };
  return { seen, stream };
}

describe('batch()', () => {
  it('answers every item once, at most so many at a time', async () => {
    const { seen, stream } = watched();
    const prompts = Array.from({ length: 8 }, (_, index) => `word ${index}`);
    const results = await collect(batch(prompts, { concurrency: 3, options: echo, stream }));
    expect(results.map(textOf).sort()).toEqual(prompts);
    expect(results.every(({ id, index }) => id === String(index))).toBe(true);
    expect(seen).toEqual({ running: 0, most: 3, calls: 8 });
  });

  it('keeps the order of the items when asked to', async () => {
    const texts = async (order: 'completion' | 'input') => {
      let release = () => {};
      const released = new Promise<void>(resolve => {
        release = resolve;
      });
      const firstLast: typeof streamResponse = async function* (prompt, options) {
        if (prompt === 'one') await released;
        return yield* streamResponse(prompt, options);
      };
      const onProgress = ({ done }: BatchProgress) => done === 2 && release();
      const options: BatchOptions = { concurrency: 2, options: echo, stream: firstLast, onProgress, order };
      return (await collect(batch(['one', 'two', 'three'], options))).map(textOf);
    };
    expect(await texts('completion')).toEqual(['two', 'three', 'one']);
    expect(await texts('input')).toEqual(['one', 'two', 'three']);
  });

  it('has failures as results, and tells the progress', async () => {
    const progress: BatchProgress[] = [];
    const items = ['one', { id: 'mine', prompt: 'fail' }, ''];
    const options = { options: echo, onProgress: (now: BatchProgress) => progress.push(now) };
    const results = await collect(batch(items, { ...options, order: 'input' }));
    expect(results.map(result => [result.id, textOf(result)])).toEqual([
      ['0', 'one'],
      ['mine', 'API_ERROR'],
      ['2', 'INVALID_OPTION'],
    ]);
    expect(progress).toHaveLength(3);
    expect(progress.at(-1)).toMatchObject({ done: 3, failed: 2, total: 3, costUsd: 0.01 });
  });

  it('gives each result on while the source is still waited for', async () => {
    let release = () => {};
    const answered = new Promise<void>(resolve => {
      release = resolve;
    });
    async function* source() {
      yield 'one';
      await answered;
      yield 'two';
    }
    const results: string[] = [];
    for await (const result of batch(source(), { concurrency: 5, options: echo })) {
      results.push(textOf(result));
      release();
    }
    expect(results).toEqual(['one', 'two']);
  });

  it('takes no more items than it has room for, and closes the source when it is left', async () => {
    let [taken, closed] = [0, false];
    function* source() {
      try {
        for (;;) yield `word ${taken++}`;
      } finally {
        closed = true;
      }
    }
    const { seen, stream } = watched();
    for await (const _ of batch(source(), { concurrency: 2, options: echo, stream })) break;
    expect(taken).toBeLessThanOrEqual(3);
    expect(closed).toBe(true);
    expect(seen.running).toBe(0);
  });

  it('ends at once with the reason of its signal', async () => {
    const { seen, stream } = watched();
    const controller = new AbortController();
    const limiter = createLimiter({ concurrency: 2 });
    const running = collect(
      batch(['one', 'two', 'three'], {
        concurrency: 2,
        options: { ...slowEcho, limiter },
        stream,
        signal: controller.signal,
      }),
    );
    while (limiter.pending < 2) await new Promise(resolve => setTimeout(resolve, 5));
    controller.abort(new Error('no longer wanted'));
    await expect(running).rejects.toThrow('no longer wanted');
    expect(seen).toMatchObject({ running: 0, calls: 2 });
    expect(limiter.pending).toBe(0);
    const never = batch(['one'], { signal: AbortSignal.abort(new Error('never wanted')), stream });
    await expect(collect(never)).rejects.toThrow('never wanted');
    expect(seen.calls).toBe(2);
  });

  it('stops at the budget after what was running, and throws', async () => {
    const stream = withBudget(streamResponse, createBudget({ usd: 0.025 }));
    const results: BatchResult[] = [];
    await expect(async () => {
      for await (const result of batch(Array(9).fill('one'), { concurrency: 2, options: echo, stream }))
        results.push(result);
    }).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect([3, 4]).toContain(results.length);
  });

  it('ends when no item could be answered: no CLI, or an option that is wrong', async () => {
    const missing = { pathToClaudeCodeExecutable: '/nowhere/claude' };
    await expect(collect(batch(['one', 'two'], { options: missing }))).rejects.toMatchObject({
      code: 'CLI_NOT_FOUND',
    });
    await expect(collect(batch(['one'], { options: { maxTurns: 0 } }))).rejects.toMatchObject({
      option: 'maxTurns',
    });
  });

  it('passes on what a source throws', async () => {
    async function* source() {
      yield 'one';
      throw new Error('the source is broken');
    }
    await expect(collect(batch(source(), { options: echo }))).rejects.toThrow('the source is broken');
  });
});
