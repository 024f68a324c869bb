import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { createHandler } from '../lib/messages/index.ts';
import { collectMetrics, type MetricsCollector } from '../lib/metrics.ts';
import type { StreamOptions } from '../lib/options.ts';
import { withCache } from '../lib/stores/index.ts';
import { streamResponse } from '../lib/stream-response.ts';
import { startOfflineApi } from '../lib/testing/index.ts';

const echo = { pathToClaudeCodeExecutable: new URL('fixtures/echo-cli.mjs', import.meta.url).pathname };
let metrics: MetricsCollector;
afterEach(() => metrics.stop());

async function ask(prompt: string, options: StreamOptions = echo, stream = streamResponse): Promise<void> {
  for await (const _ of stream(prompt, options));
}

describe('collectMetrics()', () => {
  it('has no figures before the first call', () => {
    metrics = collectMetrics();
    expect(metrics.read()).toMatchObject({
      total: 0,
      successRate: null,
      latency: { average: null, p99: null },
    });
  });

  it('counts calls, times, lengths, tokens and costs', async () => {
    metrics = collectMetrics();
    await ask('one');
    await ask('three');
    await expect(ask('fail')).rejects.toThrow('Asked to fail');
    await expect(
      ask('x', { ...echo, signal: AbortSignal.abort(new Error('no longer wanted')) }),
    ).rejects.toThrow('no longer wanted');
    const figures = metrics.read();
    expect(figures).toMatchObject({
      total: 3,
      successful: 2,
      failed: 1,
      aborted: 1,
      successRate: 2 / 3,
      responseLength: { average: 4, p50: 3, p99: 5 },
      tokens: { input: 9, output: 6, cacheRead: 0, cacheCreation: 0 },
      costUsd: 0.03,
      errors: { API_ERROR: 1 },
    });
    const { average, p50, p95, p99 } = figures.latency;
    expect([p50, average, p95, p99].map(Number)).toSatisfy(times => times.every((time: number) => time > 0));
    expect(Number(figures.timeToFirstText.p99)).toBeLessThanOrEqual(Number(p99));
  });

  it('counts a call that is left at its end, and every turn of a conversation, the failed one too', async () => {
    metrics = collectMetrics();
    for await (const event of streamResponse('one two', echo)) if (event.type === 'end') break;
    expect(metrics.read()).toMatchObject({ total: 1, successful: 1, aborted: 0, costUsd: 0.01 });
    for await (const event of streamResponse('one two', echo)) if (event.type === 'text') break;
    expect(metrics.read()).toMatchObject({ total: 1, aborted: 1, costUsd: 0.01 });
    async function* conversation() {
      yield* ['one', 'two', 'fail'];
    }
    await expect(async () => {
      for await (const _ of streamResponse(conversation(), echo));
    }).rejects.toThrow('Asked to fail');
    expect(metrics.read()).toMatchObject({ total: 2, failed: 1, tokens: { input: 12, output: 8 } });
    expect(metrics.read().costUsd).toBeCloseTo(0.04);
  });

  it('has percentiles exact to three digits, however many calls there were', () => {
    metrics = collectMetrics();
    const end = channel('claude-cli-stream:end');
    for (let call = 0; call < 100_000; call++)
      end.publish({ callId: 'x', ms: 1 + (call % 10_000), summary: { text: '' } });
    const { p50, p95, p99 } = metrics.read().latency;
    for (const [value, exact] of [
      [p50, 5_000],
      [p95, 9_500],
      [p99, 9_900],
    ] as const)
      expect(Math.abs(Number(value) / exact - 1)).toBeLessThan(0.001);
  });

  it('sees the cost of the real CLI, its retries, and what a cache saved', async () => {
    await using api = await startOfflineApi();
    api.reply({ error: { status: 529 } });
    metrics = collectMetrics();
    const stream = withCache(streamResponse, { store: new Map() });
    const options = {
      model: 'claude-sonnet-4-5',
      env: api.env,
      retry: { attempts: 2, minDelay: 1 },
    };
    for (let time = 0; time < 3; time++) await ask('Tell me of a river', options, stream);
    expect(metrics.read()).toMatchObject({ total: 1, retries: 1, cache: { hits: 2, misses: 1, shared: 0 } });
    expect(metrics.read().costUsd).toBeGreaterThan(0);
  });

  it('counts what a handler of the Messages API answers', async () => {
    await using api = await startOfflineApi();
    metrics = collectMetrics();
    const handler = createHandler({ env: api.env });
    const messages = [{ role: 'user', content: 'echo: one two' }];
    const response = await handler(
      new Request('http://127.0.0.1/v1/messages', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 100, messages }),
      }),
    );
    const { usage } = (await response.json()) as { usage: Record<string, number> };
    const figures = metrics.read();
    expect(figures).toMatchObject({
      total: 1,
      successful: 1,
      responseLength: { average: 7 },
      tokens: { input: usage.input_tokens, output: usage.output_tokens },
    });
    expect(figures.costUsd).toBeGreaterThan(0);
    expect(Number(figures.timeToFirstText.p50)).toBeGreaterThan(0);
  });

  it('stops: nobody listens any more, and the figures stay', async () => {
    metrics = collectMetrics();
    await ask('one');
    metrics.stop();
    await ask('two');
    expect(metrics.read().total).toBe(1);
    expect(channel('claude-cli-stream:end').hasSubscribers).toBe(false);
  });
});
