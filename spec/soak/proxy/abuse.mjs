import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { check } from '../measure.mjs';
import { agent, ask } from './ask.mjs';
import { withProxy } from './start-proxy.mjs';

const token = 'a-token-of-enough-length';
const question = JSON.stringify({
  model: 'sonnet',
  max_tokens: 10,
  messages: [{ role: 'user', content: 'echo: a' }],
});

/** What is done to the proxy, what it says, after how long, and whether it still answers. */
export async function abuse() {
  const env = { CLAUDE_CLI_STREAM_TOKEN: token };
  await withProxy({ workers: 'fake', env }, async proxy => {
    const rows = [];
    for (const [what, attack] of Object.entries(attacks)) {
      const startedAt = performance.now();
      const outcome = await attack(proxy.port);
      const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
      const { outcome: after } = await ask(proxy.port, 'a b c', { headers: { 'x-api-key': token } });
      rows.push({ what, outcome, seconds, 'and then it': after === 'full' ? 'answers' : after });
    }
    agent.destroy();
    console.table(rows);
    check(
      'it answers after each of them',
      rows.every(row => row['and then it'] === 'answers'),
    );
    check(`its memory is as it was (MiB: ${proxy.rss()})`, proxy.rss() < 250);
  });
}

const attacks = {
  'headers that never end': port =>
    drip(port, 'POST /v1/messages HTTP/1.1\r\nhost: localhost\r\n', 'x: y\r\n'),
  'a body that never ends': port => drip(port, post('{', { 'content-length': '1000000' }), ' '),
  'a header of 20 kB': port => send(port, post(question, { 'x-long': 'x'.repeat(20_000) })),
  'a body of 33 MiB, declared': port => send(port, post('{', { 'content-length': String(33 * 1024 * 1024) })),
  'a body of 33 MiB, in chunks': port => send(port, ...tooManyChunks()),
  '1,000 idle connections': async port => {
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => open(port)));
    const answer = await send(port, post(question));
    for (const socket of sockets) socket.destroy();
    return `${answer} meanwhile`;
  },
  'invalid JSON': port => send(port, post('{"model":')),
  'invalid UTF-8': port => send(port, post('', { 'content-length': '4' }), Buffer.of(0x22, 0xff, 0xfe, 0x22)),
  'a body in gzip': port => {
    const body = gzipSync(question);
    return send(port, post('', { 'content-length': String(body.length), 'content-encoding': 'gzip' }), body);
  },
  'a form': port => send(port, post('a=b', { 'content-type': 'application/x-www-form-urlencoded' })),
  'text/plain': port => send(port, post(question, { 'content-type': 'text/plain' })),
  'a foreign Host': port => send(port, post(question, { host: 'evil.example' })),
  'a foreign Origin': port => send(port, post(question, { origin: 'https://evil.example' })),
  'no token': port => send(port, post(question, { 'x-api-key': '' })),
  'a wrong token': port => send(port, post(question, { 'x-api-key': token.replace('a', 'b') })),
  'a path that climbs': port => send(port, post(question, {}, '/v1/../../etc/passwd')),
  'the same, encoded': port => send(port, post(question, {}, '/v1/%2e%2e/%2e%2e/etc/passwd')),
  'a whole URL': port => send(port, post(question, {}, 'http://evil.example/v1/messages')),
  'length and chunks': port => send(port, post(question, { 'transfer-encoding': 'chunked' })),
  TLS: port => send(port, Buffer.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0)),
  '10,000 requests of random bytes': fuzz,
};

async function fuzz(port) {
  const heads = [
    '',
    'GET ',
    'POST /v1/messages HTTP/1.1\r\n',
    post('').slice(0, -2),
    post('{"model":').slice(0, -8),
  ];
  const statuses = {};
  let left = 10_000;
  const attacker = async () => {
    while (left-- > 0) {
      const head = heads[left % heads.length];
      const status = await send(
        port,
        Buffer.concat([Buffer.from(head), randomBytes(Math.random() * 300)]),
        null,
      );
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 32 }, attacker));
  return Object.entries(statuses)
    .map(([status, count]) => `${count} x ${status}`)
    .join(', ');
}

function post(body, headers = {}, path = '/v1/messages') {
  const all = {
    host: '127.0.0.1',
    'x-api-key': token,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== '');
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

function* tooManyChunks() {
  yield post('', { 'transfer-encoding': 'chunked', 'content-length': '' });
  const piece = Buffer.alloc(1024 * 1024, ' ');
  for (let count = 0; count < 33; count++)
    yield Buffer.concat([Buffer.from('100000\r\n'), piece, Buffer.from('\r\n')]);
}

async function drip(port, start, more) {
  const socket = await open(port);
  socket.write(start);
  const dripping = setInterval(() => socket.write(more), 500);
  const status = await statusOf(socket);
  clearInterval(dripping);
  return status;
}

/** @returns the status of the first response, until the connection is closed. With null at the end, the sender closes it. */
async function send(port, ...pieces) {
  const socket = await open(port);
  const answer = statusOf(socket);
  for (const piece of pieces) {
    if (piece === null) socket.end();
    else socket.write(piece);
  }
  return answer;
}

function open(port) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function statusOf(socket) {
  return new Promise(resolve => {
    let text = '';
    socket.on('data', piece => {
      text += piece.toString('latin1');
    });
    socket.on('close', () => {
      const leak = /node_modules|node:internal|\n {4}at /.test(text) ? ' with a stack trace' : '';
      const type = /"type":"(\w+_error|request_too_large)"/.exec(text)?.[1];
      resolve([/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'closed', type].filter(Boolean).join(' ') + leak);
    });
  });
}
