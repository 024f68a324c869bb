import { expect, it } from 'vitest';
import { createHandler } from '../../lib/messages/index.ts';

// There is no CLI at this path: whatever is answered with anything but 500 was answered before a process starts.
const handler = createHandler({ pathToClaudeCodeExecutable: '/nowhere/claude', maxBodyLength: 1000 });
const url = 'http://127.0.0.1/v1/messages';
const valid = { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] };

function post(
  body: string | Uint8Array | ReadableStream,
  headers: Record<string, string> = {},
): Promise<Response> {
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } };
  return handler(new Request(url, { ...init, duplex: 'half' } as RequestInit));
}

it('starts the CLI for a valid request only', async () => {
  await expectError(await post(JSON.stringify(valid)), 500, 'api_error', 'Claude CLI not found');
  await expectError(
    await post(JSON.stringify({ ...valid, messages: [] })),
    400,
    'invalid_request_error',
    'messages:',
  );
});

it('names the field that the transport cannot carry, and the transport that can', async () => {
  const body = { ...valid, messages: [...valid.messages, { role: 'assistant', content: 'Well,' }] };
  const response = await post(JSON.stringify(body));
  await expectError(response, 400, 'invalid_request_error', /^messages\.1: .*the transport "exact" can$/);
});

it('refuses a body that is not JSON', async () => {
  await expectError(await post('{"model":'), 400, 'invalid_request_error', 'not valid JSON');
  await expectError(
    await post(Buffer.from('"\xff"', 'latin1')),
    400,
    'invalid_request_error',
    'not valid JSON',
  );
  await expectError(await post('', {}), 400, 'invalid_request_error', 'not valid JSON');
});

it('refuses a body that is not declared as JSON, which a web page could send without asking', async () => {
  const response = await post(JSON.stringify(valid), { 'content-type': 'text/plain' });
  await expectError(response, 415, 'invalid_request_error', 'content-type');
});

it('refuses a body that is too long, declared or not, without reading it to its end', async () => {
  await expectError(await post(' '.repeat(1001)), 413, 'request_too_large', '1000 bytes');

  let pulls = 0;
  const endless = new ReadableStream({
    pull: controller => controller.enqueue(Buffer.alloc(100, ++pulls && ' ')),
  });
  await expectError(await post(endless), 413, 'request_too_large', '1000 bytes');
  expect(pulls).toBeLessThan(20);
});

it.each([
  ['GET', '/', 404, 'not_found_error'],
  ['POST', '/v1/complete', 404, 'not_found_error'],
  ['POST', '/v1/messages/batches', 404, 'not_found_error'],
  ['GET', '/v1/messages', 405, 'invalid_request_error'],
  ['DELETE', '/v1/models/claude', 405, 'invalid_request_error'],
])('answers %s %s with %i', async (method, path, status, type) => {
  await expectError(await handler(new Request(`http://127.0.0.1${path}`, { method })), status, type, path);
});

it('rejects with the reason of a request that was aborted', async () => {
  const reason = new Error('gone');
  const request = new Request(url, { method: 'POST', signal: AbortSignal.abort(reason) });
  await expect(handler(request)).rejects.toBe(reason);
});

it('refuses wrong options when it is made', () => {
  expect(() => createHandler({ transport: 'magic' as 'exact' })).toThrow('transport');
  expect(() => createHandler({ maxBodyLength: 0 })).toThrow('maxBodyLength');
});

async function expectError(
  response: Response,
  status: number,
  type: string,
  message: string | RegExp,
): Promise<void> {
  expect(response.status).toBe(status);
  const body = (await response.json()) as { error: { message: string } };
  expect(body).toMatchObject({ type: 'error', error: { type } });
  expect(body.error.message).toMatch(message);
  expect(body).toHaveProperty('request_id', response.headers.get('request-id'));
}
