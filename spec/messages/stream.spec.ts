import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLimiter } from '../../lib/index.ts';
import { createHandler, type Handler } from '../../lib/messages/index.ts';
import { failures, type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { parseEvents } from '../testing/post-message.ts';
import { says } from './parts.ts';

// The bytes of a stream, and every way to leave it. The CLI is real; each call has a process of its own.

let api: OfflineApi;
let handler: Handler;
const limiter = createLimiter();
beforeAll(async () => {
  api = await startOfflineApi();
  handler = createHandler({ env: api.env, limiter });
});
beforeEach(() => api.reset());
afterAll(() => api.close());

const messages = [{ role: 'user', content: 'Go.' }];

function post(stream: boolean, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 100, messages, stream });
  const headers = { 'content-type': 'application/json' };
  return handler(
    new Request('http://127.0.0.1/v1/messages', { method: 'POST', body, headers, ...(signal && { signal }) }),
  );
}

it('sends the events of the API, with a ping after the first', async () => {
  api.reply(says('One two.'));
  const response = await post(true);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('request-id')).toMatch(/^req_cli_/);
  expect(parseEvents(await response.text()).map(({ type }) => type)).toEqual([
    'message_start',
    'ping',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
});

it('answers a failure before the first event with its status, also when a stream was asked for', async () => {
  api.reply(failures.overloaded);
  const response = await post(true);
  expect(response.status).toBe(529);
  expect(await response.json()).toMatchObject({ error: { type: 'overloaded_error', message: 'Overloaded' } });
});

it.each(['endMidStream', 'malformedMidStream', 'errorMidStream'] as const)(
  'ends a stream that breaks off (%s) with an error event, and a whole message with a status',
  async name => {
    api.reply(failures[name], failures[name]);
    await expectBrokenOff(await post(true));
  },
);

it('ends a stream whose connection is lost with an error event, and a whole message with a status', async () => {
  api.reply(failures.stallMidStream, failures.resetMidStream);
  const response = await post(true);
  api.requests[0]?.reset();
  expect(await expectBrokenOff(response)).toMatchObject({
    error: { type: 'api_error', message: expect.stringContaining('ECONNRESET') },
  });
});

/** Returns the last event. */
async function expectBrokenOff(streamed: Response): Promise<unknown> {
  const events = parseEvents(await streamed.text());
  expect(events.at(-1)).toMatchObject({ type: 'error', error: { message: expect.any(String) } });
  expect(events.map(({ type }) => type)).not.toContain('message_stop');

  const whole = await post(false);
  expect(whole.status).toBeGreaterThanOrEqual(500);
  expect(whole.headers.get('x-should-retry')).toBe('true');
  expect(api.requests).toHaveLength(2);
  return events.at(-1);
}

it('stops the answer upstream when the body is cancelled', async () => {
  api.reply(failures.stallMidStream);
  const { body } = await post(true);
  const reader = body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(await api.requests[0]?.closed).toBe('aborted');
  await limiter.onIdle();
});

it('stops the answer upstream when the body is cancelled while it is read', async () => {
  api.reply(failures.stallMidStream);
  const { body } = await post(true);
  const reader = body?.getReader();
  const reading = (async () => {
    while (!(await reader?.read())?.done);
  })();
  await reader?.cancel();
  await reading;
  expect(await api.requests[0]?.closed).toBe('aborted');
  await limiter.onIdle();
});

it('stops the answer upstream when the request is aborted in the middle of a stream', async () => {
  api.reply(failures.stallMidStream);
  const leave = new AbortController();
  const response = await post(true, leave.signal);
  const text = response.text();
  leave.abort(new Error('gone'));
  await expect(text).rejects.toThrow('gone');
  expect(await api.requests[0]?.closed).toBe('aborted');
  await limiter.onIdle();
});

it.each([true, false])(
  'rejects when the request is aborted before the first event (stream: %s)',
  async stream => {
    api.reply(failures.stallBeforeHeaders);
    const leave = new AbortController();
    const response = post(stream, leave.signal);
    while (api.requests.length === 0) await sleep(5);
    leave.abort(new Error('gone'));
    await expect(response).rejects.toThrow('gone');
    expect(await api.requests[0]?.closed).toBe('aborted');
    await limiter.onIdle();
  },
);

it('rejects when the request is aborted while a whole message is made', async () => {
  api.reply(failures.stallMidStream);
  const leave = new AbortController();
  const response = post(false, leave.signal);
  while (api.requests.length === 0) await sleep(5);
  leave.abort(new Error('gone'));
  await expect(response).rejects.toThrow('gone');
  expect(await api.requests[0]?.closed).toBe('aborted');
  await limiter.onIdle();
});
