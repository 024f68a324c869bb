import Anthropic, { APIUserAbortError } from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { createLimiter, createPool } from '../../lib/index.ts';
import { createFetch } from '../../lib/messages/index.ts';
import { failures, type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';

// The helpers of the official SDK, unchanged, over the real CLI.

let api: OfflineApi;
let client: Anthropic;
const limiter = createLimiter();
const pool = createPool({ warm: 1, max: 2 });
beforeAll(async () => {
  api = await startOfflineApi();
  client = new Anthropic({ apiKey: 'unused', fetch: createFetch({ env: api.env, limiter, pool }) });
});
beforeEach(() => api.reset());
afterAll(async () => {
  await pool.close();
  await api.close();
});

const model = 'claude-sonnet-5-5';
const params = { model, max_tokens: 1000, messages: [{ role: 'user' as const, content: 'Go.' }] };

it('runs a loop of tools in five steps, one request each', async () => {
  const cities = ['Oslo', 'Rome', 'Bonn', 'Bern'];
  for (const [index, city] of cities.entries()) {
    api.reply([
      { type: 'thinking', thinking: `${city} next.`, signature: 'c2lnbmVk' },
      { type: 'tool_use', id: `toolu_${index}`, name: 'get_weather', input: { city } },
    ]);
  }
  api.reply('All warm.');
  const asked: string[] = [];
  const weather = betaZodTool({
    name: 'get_weather',
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string() }),
    run({ city }) {
      asked.push(city);
      if (city === 'Bonn') throw new Error('No such city');
      return `Warm in ${city}`;
    },
  });
  const message = await client.beta.messages.toolRunner({
    ...params,
    tools: [weather],
    thinking: { type: 'adaptive' },
  });

  expect(asked).toEqual(cities);
  expect(message.content).toMatchObject([{ type: 'text', text: 'All warm.' }]);
  expect(api.requests).toHaveLength(5);
  const sent = JSON.stringify(api.requests.at(-1)?.body.messages);
  for (const city of cities) expect(sent).toContain(`"input":{"city":"${city}"}`);
  expect(sent).toContain('"is_error":true');
});

it('parses structured output', async () => {
  api.reply('{"city":"Paris","days":3}');
  const format = zodOutputFormat(z.object({ city: z.string(), days: z.number() }));
  const message = await client.messages.parse({ ...params, output_config: { format } });
  expect(message.parsed_output).toEqual({ city: 'Paris', days: 3 });
  expect(api.requests[0]?.body.output_config).toMatchObject({ format: { type: 'json_schema' } });
});

it('retries where the API says so, and not where it does not', async () => {
  api.reply(failures.overloaded, 'Then it works.');
  await client.messages.create(params);
  expect(api.requests).toHaveLength(2);

  api.reset();
  api.reply(failures.invalidRequest);
  await expect(client.messages.create(params)).rejects.toThrow(Anthropic.BadRequestError);
  expect(api.requests).toHaveLength(1);
});

it('stops upstream when its stream is aborted, or its loop is left', async () => {
  api.reply(failures.stallMidStream, failures.stallMidStream);
  const stream = client.messages.stream(params);
  stream.on('text', () => stream.abort());
  await expect(stream.finalMessage()).rejects.toThrow(APIUserAbortError);
  expect(await api.requests[0]?.closed).toBe('aborted');

  for await (const event of await client.messages.create({ ...params, stream: true })) {
    if (event.type === 'content_block_delta') break;
  }
  expect(await api.requests[1]?.closed).toBe('aborted');
  await limiter.onIdle();
});

it('sends betas of the caller along with those of the CLI', async () => {
  await client.beta.messages.create({ ...params, betas: ['files-api-2025-04-14'] });
  expect(api.requests[0]?.headers['anthropic-beta']).toContain('files-api-2025-04-14');
});

it('counts tokens with the counter of the API', async () => {
  const direct = new Anthropic({ apiKey: 'any', baseURL: api.url });
  const { model, messages } = params;
  const wanted = await direct.messages.countTokens({ model, messages });
  expect((await client.messages.countTokens({ model, messages })).input_tokens).toBeCloseTo(
    wanted.input_tokens,
    -1,
  );
  expect(api.requests).toHaveLength(0);
});

it('lists and finds the models of the CLI', async () => {
  const ids: string[] = [];
  for await (const { id } of client.models.list()) ids.push(id);
  expect(ids).toContain(model);
  expect(new Set(ids).size).toBe(ids.length);
  expect(await client.models.retrieve(model)).toMatchObject({ type: 'model', id: model });
  await expect(client.models.retrieve('claude-nowhere')).rejects.toThrow(Anthropic.NotFoundError);
});
