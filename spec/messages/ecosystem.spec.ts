import { createAnthropic } from '@ai-sdk/anthropic';
import { ChatAnthropic } from '@langchain/anthropic';
import { generateObject, generateText, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { createPool } from '../../lib/index.ts';
import { createFetch } from '../../lib/messages/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';

// Clients other than the official SDK, with nothing changed but their `fetch`.

let api: OfflineApi;
let fetch: typeof globalThis.fetch;
const pool = createPool({ warm: 1, max: 2 });
beforeAll(async () => {
  api = await startOfflineApi();
  fetch = createFetch({ env: api.env, pool });
});
beforeEach(() => api.reset());
afterAll(async () => {
  await pool.close();
  await api.close();
});

const name = 'claude-sonnet-4-5';
const call = { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } };

it('AI SDK: text, whole and streamed', async () => {
  const model = createAnthropic({ apiKey: 'unused', fetch })(name);
  api.reply('Hello there!', 'Hello again!');
  const { text, usage } = await generateText({ model, system: 'Be brief.', prompt: 'Hi' });
  expect(text).toBe('Hello there!');
  expect(usage.outputTokens).toBeGreaterThan(0);

  const pieces: string[] = [];
  for await (const piece of streamText({ model, prompt: 'Hi' }).textStream) pieces.push(piece);
  expect(pieces).toEqual(['Hello ', 'again!']);
  expect(api.requests).toHaveLength(2);
});

it('AI SDK: tools and structured output', async () => {
  const model = createAnthropic({ apiKey: 'unused', fetch })(name);
  const inputSchema = z.object({ city: z.string() });
  const get_weather = tool({
    description: 'The weather',
    inputSchema,
    execute: ({ city }) => `Sun in ${city}`,
  });
  api.reply([{ type: 'text', text: 'Let me see.' }, call], 'Sunny.');
  const { text, steps } = await generateText({
    model,
    prompt: 'Weather in Oslo?',
    tools: { get_weather },
    stopWhen: stepCountIs(3),
  });
  expect(text).toBe('Sunny.');
  expect(steps).toHaveLength(2);
  expect(JSON.stringify(api.requests[1]?.body.messages)).toContain('Sun in Oslo');

  api.when(({ body }) => {
    const [only] = body.tools ?? [];
    return only ? [{ ...call, name: only.name }] : '{"city":"Oslo"}';
  });
  const { object } = await generateObject({ model, prompt: 'Where?', schema: inputSchema });
  expect(object).toEqual({ city: 'Oslo' });
});

it('LangChain: text, stream and tools', async () => {
  const model = new ChatAnthropic({ model: name, apiKey: 'unused', maxRetries: 0, clientOptions: { fetch } });
  api.reply('Hello!', 'Hello again!', [call]);
  expect((await model.invoke('Hi')).content).toBe('Hello!');

  let streamed = '';
  for await (const { text } of await model.stream('Hi')) streamed += text;
  expect(streamed).toBe('Hello again!');

  const schema = z.object({ city: z.string() });
  const withTools = model.bindTools([{ name: 'get_weather', description: 'The weather', schema }]);
  const { tool_calls } = await withTools.invoke('Weather in Oslo?');
  expect(tool_calls).toMatchObject([{ id: 'toolu_1', name: 'get_weather', args: { city: 'Oslo' } }]);
  expect(api.requests).toHaveLength(3);
});
