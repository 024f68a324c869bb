import { describe, expect, it } from 'vitest';
import type { WireBlock } from '../../lib/cli/messages.ts';
import { toMcpResults } from '../../lib/workers/tool-results.ts';

const result = (content: unknown, more: object = {}): WireBlock => ({
  type: 'tool_result',
  tool_use_id: 'one',
  content,
  ...more,
});
const of = (...content: WireBlock[]) => toMcpResults({ role: 'user', content }, ['one']);
const text = (text: string) => ({ type: 'text', text });

describe('results that the CLI passes on as they are', () => {
  it.each([
    ['a string', result('sunny'), { content: [text('sunny')] }],
    ['blocks of text', result([text('a'), text('b')]), { content: [text('a'), text('b')] }],
    ['an error', result('no', { is_error: true }), { content: [text('no')], isError: true }],
    ['no error', result('yes', { is_error: false }), { content: [text('yes')] }],
  ])('%s', (_, block, expected) => {
    expect([...(of(block) ?? [])]).toEqual([['one', expected]]);
  });
});

describe('results that the CLI would change', () => {
  it.each([
    ['nothing', result(undefined)],
    ['an empty string', result('')],
    ['white space', result(' \n')],
    ['no blocks', result([])],
    ['an image', result([{ type: 'image', source: {} }])],
    ['a cache breakpoint', result('sunny', { cache_control: { type: 'ephemeral' } })],
    ['a cache breakpoint inside', result([{ ...text('sunny'), cache_control: { type: 'ephemeral' } }])],
    ['an error of two texts', result([text('a'), text('b')], { is_error: true })],
    ['a long text', result('x'.repeat(10_001))],
    ['joined emoji', result('👩‍👩‍👧')],
    ['a ligature', result('ﬁ')],
    ['half a character', result('\ud800')],
  ])('%s', (_, block) => {
    expect(of(block)).toBeUndefined();
  });
});

describe('messages that do not answer the calls', () => {
  it.each([
    ['text', [text('never mind')]],
    ['a result and text', [result('sunny'), text('and?')]],
    ['another result', [result('sunny', { tool_use_id: 'two' })]],
    ['too many results', [result('sunny'), result('rainy')]],
  ])('%s', (_, content) => {
    expect(of(...content)).toBeUndefined();
  });

  it('a string', () => {
    expect(toMcpResults({ role: 'user', content: 'sunny' }, ['one'])).toBeUndefined();
  });
});
