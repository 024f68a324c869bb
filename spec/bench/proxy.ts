import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '../../lib/server/serve.ts';
import { type Findings, Table } from './report.ts';
import type { Setting } from './setting.ts';
import { shuffled, spreadOf } from './statistics.ts';

const body = JSON.stringify({
  model: 'any',
  max_tokens: 10,
  stream: true,
  messages: [{ role: 'user', content: 'Go' }],
});

/**
 * What HTTP adds to the first event, over calling the handler in process. The handler answers at once. A bare server of
 * Node's shows how much of that is HTTP itself, on this machine.
 */
export async function proxy({ rounds = 500 }: Setting): Promise<Findings> {
  const table = new Table(
    'The first event of an answer',
    ['ms', 'ms added'],
    ['handler, in process', 'node:http alone', 'serve()'],
  );
  await using server = await serve({ port: 0, handler });
  const bare = createServer(answerBare).listen(0, '127.0.0.1');
  await once(bare, 'listening');
  const url = `${server.url}/v1/messages`;
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  const ask: Record<string, () => Promise<Response>> = {
    handler: () => handler(new Request(url, init)),
    bare: () => fetch(`http://127.0.0.1:${(bare.address() as AddressInfo).port}/`, init),
    served: () => fetch(url, init),
  };
  // The first rounds are for the compiler.
  for (let round = -500; round < rounds; round++) {
    const ms: Record<string, number> = {};
    for (const [name, call] of shuffled(Object.entries(ask))) ms[name] = await timeFirstEvent(call);
    if (round < 0) continue;
    const { handler: direct = 0, bare = 0, served = 0 } = ms;
    table.add('handler, in process', { ms: direct });
    table.add('node:http alone', { ms: bare, 'ms added': bare - direct });
    table.add('serve()', { ms: served, 'ms added': served - direct });
  }
  bare.close();
  return {
    tables: [table],
    targets: [
      {
        what: 'proxy, added to the first event',
        measured: spreadOf(table.samples('serve()', 'ms added')),
        limit: { atMost: 1.5 },
        unit: ' ms',
      },
    ],
  };
}

const events = ['message_start', 'message_stop'].map(type => `event: ${type}\ndata: {"type":"${type}"}\n\n`);

async function handler(request: Request): Promise<Response> {
  await request.text();
  return new Response(ReadableStream.from(events).pipeThrough(new TextEncoderStream()), {
    headers: { 'content-type': 'text/event-stream' },
  });
}

const answerBare: RequestListener = (incoming, outgoing) => {
  incoming.resume().once('end', () => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) outgoing.write(event);
    outgoing.end();
  });
};

async function timeFirstEvent(call: () => Promise<Response>): Promise<number> {
  const startedAt = performance.now();
  const { body } = await call();
  const reader = body?.getReader();
  await reader?.read();
  const ms = performance.now() - startedAt;
  while (reader && !(await reader.read()).done);
  return ms;
}
