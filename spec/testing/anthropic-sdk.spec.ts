import Anthropic, { APIConnectionError, APIError, RateLimitError } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { failures, type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';

// The official SDK reads the wire strictly: what it understands, the real API could have sent.

let api: OfflineApi;
let client: Anthropic;
beforeAll(async () => {
  api = await startOfflineApi();
  client = new Anthropic({ baseURL: api.url, apiKey: 'any', authToken: null, maxRetries: 0 });
});
beforeEach(() => api.reset());
afterAll(() => api.close());

const messages = [{ role: 'user' as const, content: 'What is 2+2?' }];
const params = { model: 'claude-opus-5-5', max_tokens: 1000, messages };

it('gets a whole message', async () => {
  const message = await client.messages.create(params);
  expect(message.content).toEqual([{ type: 'text', text: '4' }]);
  expect(message._request_id).toBe('req_offline_1');
});

it('streams, and accumulates the same message as without a stream', async () => {
  const answer = [
    { type: 'thinking', thinking: 'Let me think.', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'b3BhcXVl' },
    { type: 'text', text: 'I will look that up.' },
    {
      type: 'tool_use',
      id: 'toolu_1',
      name: 'look_up',
      input: { query: 'ä "quoted" text', limits: [1, 2.5] },
    },
  ];
  api.reply(answer, answer);
  const whole = await client.messages.create(params);
  const stream = client.messages.stream(params);
  const streamed = await stream.finalMessage();

  expect(whole.content).toEqual(answer);
  expect(streamed.content).toEqual(answer);
  expect(streamed.stop_reason).toBe('tool_use');
  expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
});

it('gets typed errors', async () => {
  api.reply(failures.rateLimited);
  await expect(client.messages.create(params)).rejects.toThrow(RateLimitError);
  api.reply(failures.errorMidStream);
  await expect(client.messages.stream(params).finalMessage()).rejects.toThrow(APIError);
  api.reply(failures.resetBeforeHeaders);
  await expect(client.messages.create(params)).rejects.toThrow(APIConnectionError);
  api.reply(failures.endMidStream);
  await expect(client.messages.stream(params).finalMessage()).rejects.toThrow();
});

it('retries by itself until it works', async () => {
  api.reply({ error: { status: 529, headers: { 'retry-after-ms': '1' } } }, 'Then it works.');
  const message = await client.messages.create(params, { maxRetries: 1 });
  expect(message.content).toMatchObject([{ text: 'Then it works.' }]);
  expect(api.requests).toHaveLength(2);
});

it('counts tokens and lists models', async () => {
  expect(await client.messages.countTokens({ model: 'm', messages })).toMatchObject({ input_tokens: 4 });
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  expect(models).toContain('claude-opus-5-5');
  expect(await client.models.retrieve('claude-opus-5-5')).toMatchObject({ type: 'model' });
});

it('closes the connection when its stream is aborted', async () => {
  api.reply(failures.stallMidStream);
  const stream = client.messages.stream(params);
  stream.on('text', () => stream.abort());
  await expect(stream.finalMessage()).rejects.toThrow();
  expect(await api.requests[0]?.closed).toBe('aborted');
});
