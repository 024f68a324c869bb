import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { postMessage, readBody } from './post-message.ts';

let api: OfflineApi;
beforeAll(async () => {
  api = await startOfflineApi();
});
afterAll(() => api.close());

const post = (path: string, body: unknown) =>
  fetch(`${api.url}${path}`, { method: 'POST', body: JSON.stringify(body) });

it.each(['/', '/api/hello'])('answers HEAD %s with 200', async path => {
  expect((await fetch(`${api.url}${path}`, { method: 'HEAD' })).status).toBe(200);
});

it('has a request-id, unique to each response', async () => {
  const responses = await Promise.all([
    postMessage(api.url, 'Hi'),
    fetch(`${api.url}/v1/models`),
    fetch(api.url),
  ]);
  const ids = responses.map(response => response.headers.get('request-id'));
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^req_offline_\d+$/);
});

it('counts tokens: a quarter of the characters of system, messages and tools', async () => {
  const messages = [{ role: 'user', content: 'x'.repeat(396) }];
  const response = await post('/v1/messages/count_tokens', { model: 'm', messages });
  expect(await response.json()).toEqual({ input_tokens: 100 });
});

it('counts an image by its existence, not by its bytes', async () => {
  const count = async (data: string) => {
    const source = { type: 'base64', media_type: 'image/png', data };
    const messages = [{ role: 'user', content: [{ type: 'image', source }] }];
    return (await post('/v1/messages/count_tokens', { model: 'm', messages })).json();
  };
  expect(await count('A'.repeat(100_000))).toEqual(await count('AAAA'));
});

it('lists a few models and describes each', async () => {
  const response = await fetch(`${api.url}/v1/models?limit=20`);
  const page = (await response.json()) as { data: { id: string }[] };
  expect(page).toMatchObject({ has_more: false, first_id: page.data[0]?.id });
  expect(page.data.length).toBeGreaterThan(2);
  for (const model of page.data) {
    const response = await fetch(`${api.url}/v1/models/${model.id}`);
    expect(await response.json()).toEqual(model);
  }
});

it('answers 404 in the shape of the API to an unknown model and to anything else', async () => {
  for (const path of ['/v1/models/nobody', '/v1/complete', '/v1/messages', '/']) {
    const response = await fetch(`${api.url}${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error' },
      request_id: response.headers.get('request-id'),
    });
  }
});

it('logs all of these as other requests, with method, path and body', async () => {
  api.reset();
  await fetch(`${api.url}/?x=1`, { method: 'HEAD' });
  await post('/v1/messages/count_tokens', { model: 'm', messages: [] });
  expect(api.requests).toEqual([]);
  expect(api.otherRequests).toMatchObject([
    { method: 'HEAD', path: '/?x=1', body: '' },
    { method: 'POST', path: '/v1/messages/count_tokens', body: '{"model":"m","messages":[]}' },
  ]);
});

describe('a malformed Messages request', () => {
  const refusal = async (body: string) => {
    api.reset();
    const response = await fetch(`${api.url}/v1/messages`, { method: 'POST', body });
    expect(api.requests).toEqual([]);
    expect(api.otherRequests).toHaveLength(1);
    const { error } = await readBody(response);
    return [response.status, error.type, error.message];
  };

  it.each([
    ['{"model":', 'The request body is not valid JSON'],
    ['[]', 'The request body is not valid JSON'],
    ['{"messages":[],"max_tokens":1}', 'model: Field required'],
    ['{"model":"m","messages":[]}', 'max_tokens: Field required'],
    ['{"model":"m","max_tokens":1}', 'messages: Field required'],
    ['{"model":"m","max_tokens":1,"messages":[null]}', 'messages: Input should be a valid list of messages'],
  ])('%s gets a 400: %s', async (body, message) => {
    expect(await refusal(body)).toEqual([400, 'invalid_request_error', message]);
  });

  it('of more than 32 MB gets a 413', async () => {
    const [status, type] = await refusal(`"${'x'.repeat(33 * 1024 * 1024)}"`);
    expect([status, type]).toEqual([413, 'request_too_large']);
  });
});
