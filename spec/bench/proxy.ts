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

/** What HTTP adds to the first event, over calling the handler in process. The handler answers at once. */
export async function proxy({ rounds = 500 }: Setting): Promise<Findings> {
  const table = new Table(
    'The first event of an answer',
    ['ms', 'ms added'],
    ['handler, in process', 'serve()'],
  );
  await using server = await serve({ port: 0, handler });
  const url = `${server.url}/v1/messages`;
  const headers = { 'content-type': 'application/json' };
  const ask: Record<string, () => Promise<Response>> = {
    handler: () => handler(new Request(url, { method: 'POST', body, headers })),
    'serve()': () => fetch(url, { method: 'POST', body, headers }),
  };
  for (let round = -50; round < rounds; round++) {
    const ms: Record<string, number> = {};
    for (const [name, call] of shuffled(Object.entries(ask))) ms[name] = await timeFirstEvent(call);
    if (round < 0) continue;
    const { handler: direct = 0, 'serve()': served = 0 } = ms;
    table.add('handler, in process', { ms: direct });
    table.add('serve()', { ms: served, 'ms added': served - direct });
  }
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

async function handler(request: Request): Promise<Response> {
  await request.text();
  const events = ['message_start', 'message_stop'].map(
    type => `event: ${type}\ndata: {"type":"${type}"}\n\n`,
  );
  return new Response(ReadableStream.from(events).pipeThrough(new TextEncoderStream()), {
    headers: { 'content-type': 'text/event-stream' },
  });
}

async function timeFirstEvent(call: () => Promise<Response>): Promise<number> {
  const startedAt = performance.now();
  const { body } = await call();
  const reader = body?.getReader();
  await reader?.read();
  const ms = performance.now() - startedAt;
  while (reader && !(await reader.read()).done);
  return ms;
}
