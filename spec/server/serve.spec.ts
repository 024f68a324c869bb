import Anthropic from '@anthropic-ai/sdk';
import { expect, it } from 'vitest';
import { postMessage } from '../testing/post-message.ts';
import { startServer } from './stand-in.ts';

const messages = [{ role: 'user' as const, content: 'What is 2+2?' }];
const params = { model: 'claude-opus-5-5', max_tokens: 1000, messages };

it('answers the official Anthropic SDK: whole, streamed, counted and listed', async () => {
  await using server = await startServer();
  const client = new Anthropic({ baseURL: server.url, apiKey: 'any', authToken: null, maxRetries: 0 });
  const whole = await client.messages.create(params);
  const streamed = await client.messages.stream(params).finalMessage();
  expect(whole.content).toEqual([{ type: 'text', text: '4' }]);
  expect(streamed.content).toEqual(whole.content);
  expect(whole._request_id).toMatch(/^req_/);
  expect(await client.messages.countTokens({ model: 'm', messages })).toMatchObject({ input_tokens: 4 });
  expect((await client.models.list()).data.map(({ id }) => id)).toContain('claude-opus-5-5');
  expect(await client.models.retrieve('claude-opus-5-5')).toMatchObject({ type: 'model' });
});

it("passes the handler's headers on", async () => {
  await using server = await startServer();
  const headers = { 'anthropic-ratelimit-requests-remaining': '9', 'request-id': 'req_upstream' };
  server.api.reply({ content: 'Hi', headers });
  const init = { headers: { 'content-type': 'application/json' } };
  const response = await postMessage(server.url, 'Hi', {}, init);
  for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
  await response.text();
});

it('passes events on byte for byte', async () => {
  await using server = await startServer();
  const init = { headers: { 'content-type': 'application/json' } };
  const direct = await (await postMessage(server.api.url, 'Tell me a story', {}, init)).text();
  const served = await (await postMessage(server.url, 'Tell me a story', {}, init)).text();
  const withoutIds = (text: string) => text.replace(/(msg|req)_offline_\d+/g, '');
  expect(withoutIds(served)).toBe(withoutIds(direct));
});
