import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { open, question, rawPost, readAll, readUntil, sendRaw } from './raw.ts';
import { startServer, type TestServer } from './stand-in.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ maxBodySize: 100_000, headersTimeout: 500, requestTimeout: 1_000 });
});
afterAll(() => server.close({ grace: 0 }));

// Whatever was done to it, it still answers.
afterEach(async () => {
  expect(await sendRaw(server.port, rawPost(question))).toMatch(/^HTTP\/1\.1 200 /);
});

const refused: [what: string, request: () => string | Uint8Array, status: number, type: string][] = [
  ['not HTTP', () => 'hello\r\n\r\n', 400, 'invalid_request_error'],
  ['TLS', () => Uint8Array.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0), 400, 'invalid_request_error'],
  ['a header of 20 kB', () => rawPost('', { 'x-long': 'x'.repeat(20_000) }), 431, 'invalid_request_error'],
  [
    'two kinds of length',
    () => rawPost(question, { 'transfer-encoding': 'chunked' }),
    400,
    'invalid_request_error',
  ],
  ['a broken chunk', () => rawPost('zz\r\n', chunked), 400, 'invalid_request_error'],
  ['no Host', () => 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'invalid_request_error'],
  ['an odd Host', () => rawPost(question, { host: '127.0.0.1/@evil' }), 400, 'invalid_request_error'],
  ['a foreign Host', () => rawPost(question, { host: 'evil.example' }), 403, 'permission_error'],
  ['a foreign Origin', () => rawPost(question, { origin: 'https://evil.example' }), 403, 'permission_error'],
  ['a sandboxed page', () => rawPost(question, { origin: 'null' }), 403, 'permission_error'],
  [
    'a declared body that is too large',
    () => rawPost('x', { 'content-length': '100001' }),
    413,
    'request_too_large',
  ],
  [
    'a chunked body that is too large',
    () => rawPost(chunk('x'.repeat(100_001)), chunked),
    413,
    'request_too_large',
  ],
  ['invalid JSON', () => rawPost('{"model":'), 400, 'invalid_request_error'],
  ['an empty body', () => rawPost(''), 400, 'invalid_request_error'],
  ['invalid JSON for chat', () => rawPost('{', {}, '/v1/chat/completions'), 400, 'invalid_request_error'],
  ['no object for chat', () => rawPost('[null]', {}, '/v1/chat/completions'), 400, 'invalid_request_error'],
  [
    'a form',
    () => rawPost('a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'invalid_request_error',
  ],
  ['plain text', () => rawPost(question, { 'content-type': 'text/plain' }), 415, 'invalid_request_error'],
  ['gzip', () => rawPost(question, { 'content-encoding': 'gzip' }), 415, 'invalid_request_error'],
  ['another path', () => rawPost(question, {}, '/v2/messages'), 404, 'not_found_error'],
  ['a path that climbs', () => rawPost(question, {}, '/v1/../../etc/passwd'), 404, 'not_found_error'],
  [
    'an encoded path that climbs',
    () => rawPost(question, {}, '/v1/%2e%2e/%2e%2e/etc/passwd'),
    404,
    'not_found_error',
  ],
  [
    'a path that names a host',
    () => rawPost(question, {}, '//evil.example/v1/messages'),
    400,
    'invalid_request_error',
  ],
  [
    'a whole URL',
    () => rawPost(question, {}, 'http://evil.example/v1/messages'),
    400,
    'invalid_request_error',
  ],
  ['TRACE', () => rawPost('').replace('POST', 'TRACE'), 400, 'invalid_request_error'],
];
const chunked = { 'transfer-encoding': 'chunked', 'content-length': '' };

describe('refuses, and says so in the shape of the API:', () => {
  it.each(refused)('%s', async (_, request, status, type) => {
    const text = await sendRaw(server.port, withoutEmpty(request()));
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toContain(`"type":"${type}"`);
    expect(text).toMatch(/^request-id: req_/m);
    expect(text).not.toMatch(/ {4}at |node_modules|node:/);
  });

  it('invalid UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"model":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}')]);
    const head = rawPost('', { 'content-length': String(body.length) });
    expect(await sendRaw(server.port, head, body)).toContain('not valid UTF-8');
  });

  it('a real gzip body, though it never becomes JSON', async () => {
    const body = gzipSync(question);
    const head = rawPost('', { 'content-length': String(body.length), 'content-encoding': 'gzip' });
    expect(await sendRaw(server.port, head, body)).toMatch(/^HTTP\/1\.1 415 /);
  });
});

describe('does not wait for ever for', () => {
  it('headers that never end', async () => {
    const socket = await open(server.port);
    socket.write('POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\n');
    const drip = setInterval(() => socket.write('x-more: 1\r\n'), 20);
    const text = await readAll(socket);
    clearInterval(drip);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('a body that never ends', async () => {
    const socket = await open(server.port);
    socket.write(rawPost('{', { 'content-length': '50000' }));
    const drip = setInterval(() => socket.write(' '), 20);
    await readAll(socket);
    clearInterval(drip);
  });

  it('the rest of a body that was refused', async () => {
    const socket = await open(server.port);
    socket.write(rawPost('x', { 'content-length': '90000000', connection: 'keep-alive' }));
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

it('answers while 1,000 connections idle', async () => {
  const sockets = await Promise.all(Array.from({ length: 1000 }, () => open(server.port)));
  expect(await sendRaw(server.port, rawPost(question))).toMatch(/^HTTP\/1\.1 200 /);
  for (const socket of sockets) socket.destroy();
});

it('survives 300 requests of random bytes', async () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const start = fc.constantFrom('', 'GET ', 'POST /v1/messages HTTP/1.1\r\n', rawPost('').slice(0, -2));
  await fc.assert(
    fc.asyncProperty(start, bytes, async (head, tail) => {
      const socket = await open(server.port);
      socket.write(head);
      socket.end(tail);
      const text = await readAll(socket);
      expect(text === '' || /^HTTP\/1\.1 [1-4]\d\d /.test(text)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('survives 150 bodies of random JSON', async () => {
  const paths = fc.constantFrom('/v1/messages', '/v1/chat/completions', '/v1/messages/count_tokens');
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ model: fc.string(), messages: fc.array(fc.object()) }),
    fc.record({
      model: fc.string(),
      messages: fc.array(fc.record({ role: fc.constant('user'), content: fc.jsonValue() })),
    }),
  );
  await fc.assert(
    fc.asyncProperty(paths, body, async (path, value) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
      const response = await fetch(server.url + path, { ...init, body: JSON.stringify(value) });
      expect(response.status).toBeLessThan(500);
      await response.text();
    }),
    { numRuns: 150 },
  );
}, 60_000);

describe('speaks HTTP:', () => {
  it('answers pipelined requests in order', async () => {
    const one = rawPost(question, { connection: 'keep-alive' });
    const health = 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const last = 'GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
    const text = await sendRaw(server.port, one + health + last);
    expect(text.match(/"type":"message"|"status":"ok"|not_found_error/g)).toEqual([
      '"type":"message"',
      '"status":"ok"',
      'not_found_error',
    ]);
  });

  it('takes chunked bodies', async () => {
    const body = chunk(question.slice(0, 20)).slice(0, -5) + chunk(question.slice(20));
    expect(await sendRaw(server.port, withoutEmpty(rawPost(body, chunked)))).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('says 100 Continue when it wants the body, and not when it refuses the request', async () => {
    const socket = await open(server.port);
    const [head, body = ''] = rawPost(question, { expect: '100-continue' }).split('\r\n\r\n');
    socket.write(`${head}\r\n\r\n`);
    expect(await readUntil(socket, text => text.includes('\r\n\r\n'))).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(body);
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /);

    const large = rawPost('', {
      expect: '100-continue',
      'content-length': '100001',
      connection: 'keep-alive',
    });
    expect(await sendRaw(server.port, large)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('answers whatever else a client expects as if it had not said so', async () => {
    expect(await sendRaw(server.port, rawPost(question, { expect: 'tea' }))).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('answers HEAD without a body, and OPTIONS without leave for other origins', async () => {
    for (const path of ['/', '/health', '/ready', '/metrics', '/v1/models']) {
      const response = await fetch(server.url + path, { method: 'HEAD' });
      expect([response.status, await response.text()]).toEqual([200, '']);
    }
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/answers_running 0$/m);
    const options = await fetch(`${server.url}/v1/messages`, { method: 'OPTIONS' });
    expect(options.status).toBeGreaterThanOrEqual(400);
    expect([...options.headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([]);
  });

  it('keeps connections open', async () => {
    const socket = await open(server.port);
    for (let round = 0; round < 3; round += 1) {
      socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
      expect(
        await readUntil(socket, text => /"ok"\}\r\n0\r\n\r\n$/.test(text) || /"ok"\}$/.test(text)),
      ).toContain('200 OK');
    }
    socket.destroy();
  });
});

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

/** A header that is set to nothing is left out. */
function withoutEmpty(request: string | Uint8Array): string | Uint8Array {
  return typeof request === 'string' ? request.replace('content-length: \r\n', '') : request;
}
