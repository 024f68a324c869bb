// A Messages API that costs as little as possible, in a process of its own. It answers with `deltas:N` pieces of text,
// N from the newest user message, after calling the first tool until the conversation holds `steps:N` tool results.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nowMs } from './clock.ts';

interface Body {
  model: string;
  stream?: boolean;
  tools?: { name: string }[];
  messages: { role: string; content: string | { type: string; text?: string }[] }[];
}

/** When each request for a message arrived, until the parent takes the list. */
const arrivals: number[] = [];
let count = 0;

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  const at = nowMs();
  let text = '';
  request.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  request.on('end', () => {
    if (
      request.method !== 'POST' ||
      (!request.url?.startsWith('/v1/messages?') && request.url !== '/v1/messages')
    ) {
      response.end('{}');
      return;
    }
    arrivals.push(at);
    const body: Body = JSON.parse(text);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(
      answer(body)
        .map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
        .join(''),
    );
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => process.send?.({ arrivals: arrivals.splice(0) }));
process.on('disconnect', () => process.exit());

function answer(body: Body): { type: string; [field: string]: unknown }[] {
  count++;
  const said = JSON.stringify(body.messages.filter(message => message.role === 'user'));
  const steps = Number(/.*steps:(\d+)/s.exec(said)?.[1] ?? 0);
  const results = said.slice(said.lastIndexOf('steps:')).split('"type":"tool_result"').length - 1;
  const tool = results < steps ? body.tools?.[0] : undefined;
  const deltas = Number(/.*deltas:(\d+)/s.exec(said)?.[1] ?? 1);
  const usage = { input_tokens: 10, output_tokens: 1 };
  const message = {
    id: `msg_bench_${count}`,
    type: 'message',
    role: 'assistant',
    model: body.model,
    content: [],
  };
  return [
    { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } },
    ...(tool ? call(tool.name) : words(deltas)),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: tool ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { ...usage, output_tokens: deltas },
    },
    { type: 'message_stop' },
  ];
}

function words(deltas: number) {
  return [
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...Array.from({ length: deltas }, (_, number) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: `word${number} ` },
    })),
  ];
}

function call(name: string) {
  const block = { type: 'tool_use', id: `toolu_bench_${count}`, name, input: {} };
  return [
    { type: 'content_block_start', index: 0, content_block: block },
    {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: '{"step":1}' },
    },
  ];
}
