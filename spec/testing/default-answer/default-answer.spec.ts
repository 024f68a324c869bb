import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OfflineApi, startOfflineApi } from '../../../lib/testing/index.ts';
import { ask, postMessage, readBody, readEvents, textOf } from '../post-message.ts';

let api: OfflineApi;
beforeAll(async () => {
  api = await startOfflineApi();
});
afterAll(() => api.close());

const user = (content: unknown) => ({ role: 'user', content: content as string });
const assistant = (content: string) => ({ role: 'assistant', content });
const converse = (...messages: ReturnType<typeof user>[]) => ask(api.url, '', { messages });

it('says plainly that it is a stand-in, not Claude, and quotes the prompt shortly', async () => {
  const answer = await ask(api.url, `Hello there. ${'Long prompt. '.repeat(100)}`);
  expect(answer).toMatch(/offline API.*stand-in, not Claude.*“Hello there\. .*…”$/);
  expect(String(answer).length).toBeLessThan(250);
});

it('echoes exactly what follows `echo:`', async () => {
  expect(await ask(api.url, 'echo: nonce-7f3a  {"a": 1}\nsecond line')).toBe(
    'nonce-7f3a  {"a": 1}\nsecond line',
  );
});

it('streams the same text as it answers whole', async () => {
  const prompt = 'Tell me a story about an owl';
  expect(textOf(await readEvents(await postMessage(api.url, prompt)))).toBe(await ask(api.url, prompt));
});

it('remembers what was said earlier in the conversation', async () => {
  const answer = await converse(user('My name is Ada.'), assistant('Hello.'), user("What's my name?"));
  expect(answer).toBe('Your name is Ada.');
});

it('talks like a pirate if the system prompt wants that', async () => {
  const system = 'You are a pirate. Always answer like one.';
  expect(await ask(api.url, 'Hello', { system })).toMatch(/^Arr, /);
  expect(await ask(api.url, 'Hello', { system: [{ type: 'text', text: system }] })).toMatch(/^Arr, /);
  expect(await ask(api.url, 'Hello', { system: 'Be brief.' })).not.toMatch(/Arr/);
});

it('counts', async () => {
  expect(await ask(api.url, 'Count from 3 to 7.')).toBe('3, 4, 5, 6, 7');
  expect(await ask(api.url, 'count to 3')).toBe('1, 2, 3');
});

it('says which images it saw and how many bytes they have', async () => {
  const source = { type: 'base64', media_type: 'image/png', data: Buffer.alloc(68).toString('base64') };
  const url = { type: 'url', url: 'https://example.com/cat.jpg' };
  const answer = await converse(
    user([
      { type: 'image', source },
      { type: 'image', source: url },
      { type: 'text', text: 'What is this?' },
    ]),
  );
  expect(answer).toContain('image/png (68 bytes)');
  expect(answer).toContain('image (at https://example.com/cat.jpg)');
});

it('repeats the result of a tool', async () => {
  const result = { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: '21 degrees' }] };
  expect(await converse(user('Weather?'), assistant('Let me see.'), user([result]))).toBe(
    'The tool answered: 21 degrees',
  );
});

describe('what the CLI adds on its own', () => {
  it('is not taken for the prompt', async () => {
    const reminder = { type: 'text', text: '<system-reminder>\nMy name is Bob.\n</system-reminder>' };
    const messages = [
      user([reminder, { type: 'text', text: 'What is 2+2?\n' }]),
      { role: 'system', content: '# Environment\nWhat is 3+3?' },
    ];
    expect(await ask(api.url, '', { messages })).toBe('4');
  });

  it('is not taken for the system prompt', async () => {
    const system = ['x-anthropic-billing-header: pirate', 'You are a Claude agent, and a pirate'];
    const blocks = system.map(text => ({ type: 'text', text }));
    expect(await ask(api.url, 'Hello', { system: blocks })).not.toMatch(/Arr/);
  });
});

describe('limits', () => {
  it('stops after max_tokens words', async () => {
    const response = await postMessage(api.url, 'echo: one two three four', { max_tokens: 2, stream: false });
    expect(await readBody(response)).toMatchObject({
      content: [{ text: 'one two ' }],
      stop_reason: 'max_tokens',
      usage: { output_tokens: 2 },
    });
  });

  it('stops at the first stop sequence', async () => {
    const stop_sequences = ['four', 'three', ''];
    const response = await postMessage(api.url, 'echo: one two three four', {
      stop_sequences,
      stream: false,
    });
    expect(await readBody(response)).toMatchObject({
      content: [{ text: 'one two ' }],
      stop_reason: 'stop_sequence',
      stop_sequence: 'three',
    });
  });

  it('do not cut a scripted answer', async () => {
    api.reply('one two three');
    expect(await ask(api.url, 'Hello', { max_tokens: 1, stop_sequences: ['two'] })).toBe('one two three');
  });
});

describe('tools', () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  const tools = [
    { name: 'first', input_schema: { type: 'object' } },
    { name: 'weather', input_schema: schema },
  ];
  const call = async (body: object) =>
    readBody(await postMessage(api.url, 'Hello', { tools, ...body, stream: false }));

  it('are called with a plausible input when tool_choice demands it', async () => {
    expect(await call({ tool_choice: { type: 'tool', name: 'weather' } })).toMatchObject({
      content: [{ type: 'tool_use', name: 'weather', input: { city: 'offline' } }],
      stop_reason: 'tool_use',
    });
    expect(await call({ tool_choice: { type: 'any' } })).toMatchObject({
      content: [{ name: 'first', input: {} }],
    });
  });

  it('are left alone otherwise', async () => {
    for (const tool_choice of [undefined, { type: 'auto' }, { type: 'none' }])
      expect(await call({ tool_choice })).toMatchObject({ stop_reason: 'end_turn' });
  });

  it('include the one by which the CLI asks for structured output', async () => {
    expect(await call({ tools: [{ name: 'StructuredOutput', input_schema: schema }] })).toMatchObject({
      content: [{ type: 'tool_use', name: 'StructuredOutput', input: { city: 'offline' } }],
    });
  });
});

it('answers JSON when output_config asks for it', async () => {
  const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
  const output_config = { format: { type: 'json_schema', schema } };
  expect(await ask(api.url, 'Is it?', { output_config })).toBe('{"ok":true}');
});
