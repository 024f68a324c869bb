import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHandler, type Handler } from '../../lib/messages/index.ts';
import { serve } from '../../lib/server/index.ts';
import { cacheResponses } from '../../lib/stores/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { until } from '../fixtures/outcome.ts';

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
    expect(first.headers.get('cache-status')).toBe('claude-cli-stream; fwd=miss');
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

describe('with singleFlight', () => {
  /** Every request arrives here first, and goes on when told to. */
  function gated() {
    let open = () => {};
    const opened = new Promise<void>(resolve => {
      open = resolve;
    });
    const arrived: Request[] = [];
    const handler: Handler = async request => {
      arrived.push(request);
      const left = new Promise<never>((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason)),
      );
      await Promise.race([opened, left]);
      return forward(request);
    };
    const cached = cacheResponses(handler, { store: new Map(), singleFlight: true });
    return { cached, open, arrived };
  }

  it('runs what is the same at the same time once, and whoever does not read holds nobody up', async () => {
    const { cached, open, arrived } = gated();
    const three = [1, 2, 3].map(() => cached(post('echo: one two three', { stream: true })));
    open();
    const [unread, ...read] = await Promise.all(three);
    const texts = await Promise.all(read.map(response => response.text()));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('message_stop');
    expect([unread, ...read].map(response => response?.headers.get('cache-status'))).toEqual([
      'claude-cli-stream; fwd=miss',
      'claude-cli-stream; fwd=miss; collapsed',
      'claude-cli-stream; fwd=miss; collapsed',
    ]);
    expect(arrived).toHaveLength(1);
    expect((await cached(post('echo: one two three', { stream: true }))).headers.get('age')).toBe('0');
    await unread?.body?.cancel();
  });

  it('goes on for the others when one of them leaves, and ends with the last', async () => {
    const { cached, open, arrived } = gated();
    const controllers = [1, 2, 3].map(() => new AbortController());
    const ask = ({ signal }: AbortController, content = 'echo: hi') =>
      cached(new Request(post(content), { signal }));
    const [first, second, third] = controllers.map(controller => ask(controller));
    await until(() => arrived.length === 1, 'a request arrives');
    controllers[0]?.abort(new Error('no longer wanted'));
    await expect(first).rejects.toThrow('no longer wanted');
    controllers[2]?.abort(new Error('nor this one'));
    await expect(third).rejects.toThrow('nor this one');
    expect(arrived[0]?.signal.aborted).toBe(false);
    open();
    expect(await (await second)?.text()).toContain('hi');
    expect(arrived).toHaveLength(1);

    const alone = gated();
    const controller = new AbortController();
    const only = alone.cached(new Request(post('echo: hi'), { signal: controller.signal }));
    await until(() => alone.arrived.length === 1, 'a request arrives');
    controller.abort(new Error('nobody is left'));
    await expect(only).rejects.toThrow('nobody is left');
    expect(alone.arrived[0]?.signal.aborted).toBe(true);
  });

  it('shares a failure, and stores nothing of it', async () => {
    const { cached, open, arrived } = gated();
    api.reply({ error: { status: 529 } });
    const both = [1, 2].map(() => cached(post('echo: hi')));
    open();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([529, 529]);
    await Promise.all((await Promise.all(both)).map(response => response.text()));
    expect(arrived).toHaveLength(1);
    expect((await cached(post('echo: hi'))).status).toBe(200);
  });
});

it('leaves it to the handler to refuse what has no key', async () => {
  const cli = { pathToClaudeCodeExecutable: '/nowhere/claude' };
  const missing = await cacheResponses(createHandler(cli), { store: new Map(), cli })(post('echo: hi'));
  expect(await missing.json()).toMatchObject({
    type: 'error',
    error: { message: expect.stringMatching(/not found/) },
  });

  const handler = cacheResponses(createHandler({ env: api.env }), {
    store: new Map(),
    cli: { env: api.env },
  });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, duplex: 'half' };
  const send = (body: unknown) =>
    handler(new Request('http://127.0.0.1/v1/messages', { ...init, body } as RequestInit));
  expect((await send(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
  let pieces = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pieces += 1;
      controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
    },
  });
  expect((await send(endless)).status).toBe(413);
  expect(pieces).toBeLessThan(40);
});

it('serves hits through the proxy, as JSON and as a stream', async () => {
  const handler = cacheResponses(forward, { store: new Map() });
  await using server = await serve({
    handler,
    port: 0,
    checkSignIn: async () => ({ signedIn: true }) as never,
  });
  const ask = async (stream: boolean) => {
    const { method, headers, body } = post('echo: hello', { stream });
    const response = await fetch(`${server.url}/v1/messages`, {
      method,
      headers,
      body,
      duplex: 'half',
    } as RequestInit);
    return { status: response.headers.get('cache-status'), body: await response.text() };
  };
  for (const stream of [false, true]) {
    const first = await ask(stream);
    expect(await ask(stream)).toEqual({ status: 'claude-cli-stream; hit', body: first.body });
    expect(first.status).toBe('claude-cli-stream; fwd=miss');
  }
  expect(api.requests).toHaveLength(2);
});
