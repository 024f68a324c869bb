#!/usr/bin/env node
// A CLI that costs next to nothing: repeats `echo: <text>` word by word, in the events of the Messages API.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

if (process.argv.includes('--version')) console.log('2.1.330 (fake)');
else if (process.argv.includes('auth')) console.log('{"loggedIn":true,"authMethod":"api_key"}');
else createInterface({ input: process.stdin }).on('line', answer);

const write = message => process.stdout.write(`${JSON.stringify(message)}\n`);
const event = (type, fields) => write({ type: 'stream_event', event: { type, ...fields } });

async function answer(line) {
  const { type, request_id, message } = JSON.parse(line);
  const response = { subtype: 'success', request_id, response: { version: '2.1.330', rewound: true } };
  if (type === 'control_request') write({ type: 'control_response', response });
  if (type !== 'user') return;
  const [model, usage] = ['fake', { input_tokens: 10, output_tokens: 20 }];
  const text = message.content.replace('echo: ', '');
  event('message_start', {
    message: { id: 'msg_fake', type: 'message', role: 'assistant', model, content: [], usage },
  });
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  for (const word of text.match(/\s*\S+/g)) {
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word } });
    if (process.env.ANTHROPIC_FAKE_DELAY) await sleep(Number(process.env.ANTHROPIC_FAKE_DELAY));
  }
  event('content_block_stop', { index: 0 });
  write({ type: 'assistant', message: { model, content: [{ type: 'text', text }] } });
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage });
  event('message_stop', {});
  write({ type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn', num_turns: 1 });
}
