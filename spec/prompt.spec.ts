import { describe, expect, it } from 'vitest';
import type { Prompt, UserMessage } from '../lib/options.ts';
import { checkMessage, toMessages } from '../lib/prompt.ts';

const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };

describe('a message', () => {
  it.each([
    'Hello',
    [{ type: 'text', text: 'Hello' }],
    [image, { type: 'text', text: 'Hello' }],
    [{ type: 'document', source: { type: 'text', data: 'x' }, title: 'X' }],
  ] as UserMessage[])('may be %j', message => {
    expect(() => checkMessage(message, 1000)).not.toThrow();
    expect(toMessages(message, 1000)).toEqual([message]);
  });

  it.each([
    ['', 'prompt'],
    [' \n\t', 'prompt'],
    [5, 'prompt'],
    [null, 'prompt'],
    [{}, 'prompt'],
    [[], 'prompt'],
    [['Hello'], 'prompt[0]'],
    [[null], 'prompt[0]'],
    [[{ type: 'text', text: ' ' }], 'prompt[0].text'],
    [[{ type: 'text' }], 'prompt[0].text'],
    [[image, { type: 'tool_result', content: [] }], 'prompt[1].type'],
    [[{ type: 'image' }], 'prompt[0].source'],
    [[{ type: 'image', source: 'x' }], 'prompt[0].source'],
  ])('may not be %j', (message, option) => {
    const expected = expect.objectContaining({ code: 'INVALID_OPTION', option });
    expect(() => toMessages(message as Prompt, 1000)).toThrow(expected);
  });

  it('may have maxPromptLength characters, in all its blocks together', () => {
    expect(() => checkMessage('x'.repeat(100), 100)).not.toThrow();
    expect(() => checkMessage('x'.repeat(101), 100)).toThrow(
      /101 characters", but .* at most 100 .*maxPromptLength/,
    );
    const half = { type: 'text', text: 'x'.repeat(51) };
    expect(() => checkMessage([half, half], 100)).toThrow(/maxPromptLength/);
    expect(() => checkMessage([half, image], 100)).toThrow(/maxPromptLength/);
  });
});

it('an async iterable is a conversation, whose messages are checked when they come', () => {
  async function* source() {
    yield '';
  }
  const messages = source();
  expect(toMessages(messages, 1000)).toBe(messages);
});
