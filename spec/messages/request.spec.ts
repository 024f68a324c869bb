import { expect, it } from 'vitest';
import { parseRequest } from '../../lib/messages/request.ts';

const smallest = { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] };
const saying = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] });

it.each<[object, string]>([
  [{ model: undefined }, 'model: Field required'],
  [{ max_tokens: undefined }, 'max_tokens: Field required'],
  [{ max_tokens: 1.5 }, 'max_tokens: Input should be a valid integer'],
  [{ max_tokens: -1 }, 'max_tokens: Input should be greater than or equal to 0'],
  [{ messages: [] }, 'messages: at least one message is required'],
  [{ messages: 'Hi' }, 'messages: Input should be a valid list'],
  [{ messages: [{ role: 'user' }] }, 'messages.0.content: Field required'],
  [
    { messages: [{ role: 'user', content: 1 }] },
    'messages.0.content: Input should be a valid string or list',
  ],
  [
    { messages: [{ role: 'bot', content: 'Hi' }] },
    "messages.0.role: Input should be 'user', 'assistant' or 'system'",
  ],
  [
    { messages: [{ ...smallest.messages[0], name: 'Jo' }] },
    'messages.0.name: Extra inputs are not permitted',
  ],
  [saying('Hi'), 'messages.0.content.0: Input should be a valid dictionary'],
  [saying({ text: 'Hi' }), 'messages.0.content.0.type: Field required'],
  [saying({ type: 'text' }), 'messages.0.content.0.text: Field required'],
  [
    saying({ type: 'image', source: { type: 'base64' } }),
    'messages.0.content.0.source.media_type: Field required',
  ],
  [
    saying({ type: 'tool_result', tool_use_id: 'a', content: ['b'] }),
    'messages.0.content.0.content.0: Input should be a valid dictionary',
  ],
  [{ tools: [{ name: 'a' }] }, 'tools.0.input_schema: Field required'],
  [
    { tools: [{ name: 'a b', input_schema: {} }] },
    "tools.0.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
  ],
  [{ system: [{ type: 'image' }] }, "system.0.type: Input should be 'text'"],
  [{ temperature: 2 }, 'temperature: Input should be less than or equal to 1'],
  [{ stop_sequences: [''] }, 'stop_sequences.0: Input should not be empty'],
  [{ stream: 'yes' }, 'stream: Input should be a valid boolean'],
  [{ thread: { type: 'create' } }, 'thread: the Claude CLI has no message threads'],
  [{ prompt: 'Hi' }, 'prompt: Extra inputs are not permitted'],
])('refuses %j in the words of the API', (change, message) => {
  const body = JSON.parse(JSON.stringify({ ...smallest, ...change }));
  expect(() => parseRequest(body)).toThrow(message);
});

it.each([null, [], 'Hi'])('refuses %j', body => {
  expect(() => parseRequest(body)).toThrow('Input should be a valid dictionary');
});

it('passes on what it does not know, for the API to judge', () => {
  const body = {
    ...smallest,
    ...saying({ type: 'hologram', depth: 3 }),
    tools: [{ type: 'telepathy_20990101', range: 3 }],
    thinking: { type: 'deep', budget: 9 },
  };
  expect(parseRequest(body)).toEqual(body);
});
