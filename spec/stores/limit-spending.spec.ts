import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLimiter } from '../../lib/limiter.ts';
import { createHandler, type Handler } from '../../lib/messages/index.ts';
import { serve } from '../../lib/server/index.ts';
import { createBudget, limitSpending } from '../../lib/stores/index.ts';
import { streamResponse } from '../../lib/stream-response.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { createPool } from '../../lib/workers/pool.ts';
import { until } from '../fixtures/outcome.ts';

let api: OfflineApi;
beforeAll(async () => {
  api = await startOfflineApi();
});
afterAll(() => api.close());
beforeEach(() => api.reset());

const echo = { pathToClaudeCodeExecutable: new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname };
const body = {
  model: 'claude-opus-5-5',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'echo: hi' }],
};

function post(handler: Handler, fields: object = {}): Promise<Response> {
  return handler(
    new Request('http://127.0.0.1/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, ...fields }),
    }),
  );
}

it('has a handler answer 429 in the words of the API, and starts no process', async () => {
  const budget = createBudget({ usd: 0.000001, window: 'day' });
  const handler = createHandler({ env: api.env, limiter: limitSpending(budget) });
  expect((await post(handler)).status).toBe(200);
  expect(budget.status().spent.usd).toBeGreaterThan(0);
  const refused = await post(handler);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.headers.get('x-should-retry')).toBe('false');
  expect(await refused.json()).toMatchObject({
    type: 'error',
    error: {
      type: 'rate_limit_error',
      message: expect.stringMatching(/^The budget is spent: .* It resets at /),
    },
  });
  expect(api.requests).toHaveLength(1);
});

it('lets nobody in who waited for a slot while the budget was spent', async () => {
  await using pool = createPool({ warm: 0, max: 2 });
  const budget = createBudget({ usd: 0.000001 });
  const limiter = limitSpending(budget, createLimiter({ concurrency: 2 }));
  const handler = createHandler({ env: api.env, pool, limiter });
  const responses = await Promise.all(Array.from({ length: 8 }, () => post(handler)));
  const statuses = responses.map(({ status }) => status);
  expect(statuses.filter(status => status === 200).length).toBeLessThanOrEqual(2);
  expect(statuses.filter(status => status === 429).length).toBeGreaterThanOrEqual(6);
  expect(api.requests.length).toBeLessThanOrEqual(2);
});

it('charges the tokens of an answer that was cut, or that calls a tool', async () => {
  const budget = createBudget({ tokens: 1_000_000 });
  const handler = createHandler({ env: api.env, limiter: limitSpending(budget) });
  const tools = [{ name: 'weather', input_schema: { type: 'object' } }];
  for (const fields of [{ stopReason: 'max_tokens', content: 'cut' }, { stopReason: 'tool_use' }]) {
    const before = budget.status().spent.tokens;
    api.reply({ content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }], ...fields });
    const response = await post(handler, { tools });
    const { usage } = (await response.json()) as Anthropic.Message;
    const used = usage.input_tokens + usage.output_tokens;
    await until(() => budget.status().spent.tokens === before + used, `${used} tokens are charged`);
  }
});

it('charges every budget on the way, and only for calls that came that way', async () => {
  const [all, tenant] = [createBudget({ usd: 1 }), createBudget({ usd: 0.015 })];
  const limiter = limitSpending(all);
  const ofTenant = limitSpending(tenant, limiter);
  const ask = async (own?: typeof limiter) => {
    for await (const _ of streamResponse('a b', { ...echo, ...(own && { limiter: own }) }));
  };
  await ask();
  expect(all.status().spent.usd).toBe(0);
  await ask(limiter);
  await ask(ofTenant);
  await ask(ofTenant);
  expect(all.status().spent.usd).toBeCloseTo(0.03);
  expect(tenant.status().spent.usd).toBeCloseTo(0.02);
  await expect(ask(ofTenant)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
  await ask(limiter);
});

it('limits a server: the official SDK is told when to come back, and does not try again', async () => {
  const budget = createBudget({ usd: 0.000001, window: 'month' });
  const limiter = limitSpending(budget, createLimiter({ maxWaiting: 100 }));
  await using server = await serve({ port: 0, env: api.env, limiter });
  const client = new Anthropic({ apiKey: 'any', baseURL: server.url });
  await client.messages.create(body);
  const refused = await client.messages.create(body).catch((error: unknown) => error);
  if (!(refused instanceof Anthropic.RateLimitError)) throw refused;
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(api.requests).toHaveLength(1);
});
