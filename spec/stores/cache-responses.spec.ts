import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createHandler, type Handler } from '../../lib/messages/index.ts';
import { cacheResponses } from '../../lib/stores/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';

let api: OfflineApi;
beforeAll(async () => {
  api = await startOfflineApi();
});
afterAll(() => api.close());
beforeEach(() => api.reset());

/** Sends each request on to the offline API itself: cheaper than the CLI, and the same bodies. */
const forward: Handler = async request => {
  const { method, headers, signal } = request;
  const response = await fetch(`${api.url}/v1/messages`, {
    method,
    headers,
    signal,
    body: await request.text(),
  });
  return new Response(response.body, response);
};

function post(content: string, fields: object = {}, headers: Record<string, string> = {}): Request {
  const messages = [{ role: 'user', content }];
  return new Request('http://127.0.0.1/v1/messages', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers },
    body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 100, messages, ...fields }),
  });
}

it.each([true, false])(
  'answers with the same bytes again (stream: %s), through the real CLI',
  async stream => {
    const handler = cacheResponses(createHandler({ env: api.env }), {
      store: new Map(),
      cli: { env: api.env },
    });
    const first = await handler(post('echo: hello', { stream }));
    const body = await first.text();
    const again = await handler(post('echo: hello', { stream }));
    expect(await again.text()).toBe(body);
    expect(body).toContain('hello');
    expect(first.headers.get('cache-status')).toBe('claude-cli-stream; fwd=uri-miss');
    expect(again.headers.get('cache-status')).toBe('claude-cli-stream; hit');
    expect(again.headers.get('age')).toBe('0');
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(again.headers.get('request-id')).toBe(first.headers.get('request-id'));
    expect(api.requests).toHaveLength(1);
  },
);

it("replays to the official SDK's stream", async () => {
  const handler = cacheResponses(forward, { store: new Map() });
  const fetch = (url: string | URL | Request, init?: RequestInit) => handler(new Request(url, init));
  const client = new Anthropic({ apiKey: 'key', baseURL: 'http://127.0.0.1:1', fetch });
  const ask = () =>
    client.messages
      .stream({
        model: 'claude-sonnet-4-5',
        max_tokens: 100,
        messages: [{ role: 'user', content: 'Tell me of a river' }],
      })
      .finalMessage();
  const first = await ask();
  expect(await ask()).toEqual(first);
  expect(api.requests).toHaveLength(1);
});

it('asks anew for another body, credential or tenant, and when told to', async () => {
  const store = new Map();
  const [one, two] = ['one', 'two'].map(tenant => cacheResponses(forward, { store, tenant }));
  const read = async (handler: Handler | undefined, request: Request) => (await handler?.(request))?.text();
  await read(one, post('echo: hi'));
  await read(one, post('echo: hi', {}, { 'cache-control': 'no-cache' }));
  await read(one, post('echo: hi', {}, { 'cache-control': 'no-store' }));
  expect(api.requests).toHaveLength(3);
  await read(one, post('echo: hi', { temperature: 0.5 }));
  await read(one, post('echo: hi', {}, { 'x-api-key': 'other' }));
  await read(two, post('echo: hi'));
  expect(api.requests).toHaveLength(6);
  await read(one, post('echo: hi'));
  expect(api.requests).toHaveLength(6);
});

it('stores nothing of an error, a cut or a left answer', async () => {
  const handler = cacheResponses(forward, { store: new Map() });
  for (let round = 0; round < 2; round++) {
    api.reply({ error: { status: 529 } });
    expect((await handler(post('echo: a'))).status).toBe(529);
    api.reply({ content: 'cut', stopReason: 'max_tokens' });
    await (await handler(post('echo: b'))).text();
    api.reply({ content: 'broken off', failure: { kind: 'eof', after: 1 } });
    await (await handler(post('echo: c', { stream: true }))).text().catch(() => {});
    await (await handler(post('echo: d', { stream: true }))).body?.cancel();
  }
  expect(api.requests).toHaveLength(8);
});

it('runs what is the same at the same time once with singleFlight', async () => {
  const handler = cacheResponses(forward, { store: new Map(), singleFlight: true });
  const texts = await Promise.all(
    [1, 2, 3].map(async () => (await handler(post('echo: hi', { stream: true }))).text()),
  );
  expect(new Set(texts).size).toBe(1);
  expect(api.requests).toHaveLength(1);
  const [left, other] = [handler(post('echo: left')), handler(post('echo: left'))];
  await (await left).body?.cancel();
  expect(await (await other).text()).toContain('left');
});
