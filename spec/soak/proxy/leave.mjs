import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { failures } from '../../../dist/testing/index.js';
import { check, until } from '../measure.mjs';
import { withProxy } from './start-proxy.mjs';

const limit = 200;

/** How long a request upstream outlives its client, and what a client costs who reads nothing. */
export async function leave() {
  await withProxy({ workers: 'real', args: ['--concurrency', '1', '--warm', '1'] }, async proxy => {
    const rows = [];
    for (const [phase, options] of Object.entries(phases)) rows.push(await timePhase(proxy, phase, options));
    console.table(rows);
    check(
      `the turn stops upstream within ${limit} ms`,
      rows.every(row => !(row['max ms'] > limit)),
    );
  });
  await withProxy({ workers: 'real' }, readNothing);
}

const phases = {
  'before the first event': { stream: true, answer: failures.stallBeforeHeaders },
  'in the middle of a stream': { stream: true, answer: failures.stallMidStream, seen: 'text_delta' },
  'waiting for a whole answer': { answer: failures.stallMidStream },
  'a chat completion, in the middle': {
    path: '/v1/chat/completions',
    stream: true,
    answer: failures.stallMidStream,
    seen: '"content":"',
  },
};

async function timePhase({ api, port }, phase, { path = '/v1/messages', stream = false, answer, seen }) {
  const times = [];
  for (let round = 0; round < 10; round++) {
    api.reset();
    api.reply(answer);
    const socket = post(port, path, { stream });
    let told = '';
    socket.on('data', piece => {
      told += piece;
    });
    await until(() => api.requests.length > 0 && (!seen || told.includes(seen)), 30);
    const leftAt = performance.now();
    socket.destroy();
    await api.requests[0].closed;
    times.push(performance.now() - leftAt);
    // A worker is started in the place of the one that was ended.
    await sleep(1_500);
  }
  times.sort((one, other) => one - other);
  return { phase, 'p50 ms': Math.round(times[4]), 'max ms': Math.round(times[9]) };
}

/** An answer without end, whose client never reads: what the API can send of it, and who holds it. */
async function readNothing({ api, port, rss, workersRss }) {
  let pieces = 0;
  async function* endless() {
    for (;;) {
      pieces++;
      yield 'x'.repeat(1_000);
    }
  }
  api.reply([{ type: 'text', text: endless() }]);
  const socket = post(port, '/v1/messages', { stream: true });
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  await until(() => api.requests.length > 0, 30);
  let cutAfter;
  void api.requests[0].closed.then(() => {
    cutAfter = seconds();
  });
  const rows = [];
  while (cutAfter === undefined && seconds() < 150) {
    const sent = Math.round(pieces / 1000);
    rows.push({ seconds: seconds(), 'MB sent': sent, 'RSS MiB': rss(), 'largest CLI, MiB': workersRss() });
    await until(() => cutAfter !== undefined, 10);
  }
  socket.destroy();
  console.table(rows);
  console.log(`cut off after ${cutAfter} s`);
  // By then the buffers of the system are full.
  const [first, last] = [rows.at(2), rows.at(-1)];
  check("the proxy's memory is flat", last['RSS MiB'] - first['RSS MiB'] < 10);
  check('the client is cut off', cutAfter !== undefined);
}

function post(port, path, { stream }) {
  const body = JSON.stringify({
    model: 'sonnet',
    max_tokens: 1000,
    stream,
    messages: [{ role: 'user', content: 'Go on' }],
  });
  const socket = connect(port, '127.0.0.1');
  const head = ['host: localhost', 'content-type: application/json', `content-length: ${body.length}`];
  socket.write(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}
