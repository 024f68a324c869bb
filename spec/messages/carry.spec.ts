import { describe, expect, it } from 'vitest';
import { whatReplayCannotCarry } from '../../lib/messages/carry.ts';
import type { MessagesRequest, WireTool } from '../../lib/workers/messages-request.ts';
import type { WireMessage } from '../../lib/workers/plan.ts';

// One case per rule. That the rules are right is what conformance.spec.ts and the measurements in docs/messages.md show.

const text = (text: string) => ({ type: 'text', text });
const user = (content: WireMessage['content']): WireMessage => ({ role: 'user', content });
const assistant = (content: WireMessage['content']): WireMessage => ({ role: 'assistant', content });
const call = (id: string, rest = {}) => ({ type: 'tool_use', id, name: 'f', input: {}, ...rest });
const result = (id: string, rest = {}) => ({ type: 'tool_result', tool_use_id: id, ...rest });
const thinking = { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' };
const citation = { type: 'char_location', cited_text: 'x' };
const between = (...content: Exclude<WireMessage['content'], string>) => [
  user('a'),
  assistant(content),
  user('b'),
];
const called = (answer: Exclude<WireMessage['content'], string>, ...calls: ReturnType<typeof call>[]) => [
  user('a'),
  assistant(calls.length > 0 ? calls : [call('1')]),
  user(answer),
];
const image = (data: string) => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data },
});
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB';

describe('messages', () => {
  it.each<[string, WireMessage[], string, boolean]>([
    ['two user messages in a row', [user('a'), user('b')], 'messages.1', true],
    ['a beginning of the answer', [user('a'), assistant('b')], 'messages.1', true],
    ['a system message', [{ role: 'system' as 'user', content: 'a' }, user('b')], 'messages.0.role', true],
    ['an empty user message', [user([])], 'messages.0.content', false],
    ['an empty text', [user('')], 'messages.0.content', false],
    ['a blank text', [user([text('a'), text(' ')])], 'messages.0.content.1', false],
    ['an empty answer', between(), 'messages.1.content', false],
    ['a blank answer', between(text(' ')), 'messages.1.content', true],
    ['an answer of thinking alone', between(thinking), 'messages.1.content', true],
    ['citations', between({ ...text('a'), citations: [citation] }), 'messages.1.content.0.citations', true],
    [
      'text after a tool call',
      [user('a'), assistant([call('1'), text('b')]), user([result('1')])],
      'messages.1.content.1',
      true,
    ],
    [
      'an id of an earlier tool call',
      [...called([result('1')]), assistant([call('1')]), user([result('1')])],
      'messages.3.content.0.id',
      false,
    ],
    [
      'a tool call of code',
      called([result('1')], call('1', { caller: { type: 'code_execution_20250825' } })),
      'messages.1.content.0.caller',
      true,
    ],
    [
      'a breakpoint on a tool call',
      called([result('1')], call('1', { cache_control: { type: 'ephemeral' } })),
      'messages.1.content.0.cache_control',
      true,
    ],
    ['a tool call without a result', between(call('1')), 'messages.1.content.0.id', false],
    ['a result without a tool call', [user([result('1')])], 'messages.0.content.0.tool_use_id', false],
    [
      'a second tool call of the same id',
      [...called([result('1')]), assistant([call('1')]), user([result('1')])],
      'messages.3.content.0.id',
      false,
    ],
    [
      'an image in an error',
      called([result('1', { is_error: true, content: [text('a'), image(png)] })]),
      'messages.2.content.0.content.1',
      true,
    ],
    [
      'a tool reference',
      called([result('1', { content: [{ type: 'tool_reference', tool_name: 'f' }] })]),
      'messages.2.content.0.content.0',
      true,
    ],
    ['an image that is none', [user([image('bm90IG9uZQ==')])], 'messages.0.content.0.source.data', false],
  ])('refuses %s', (_, messages, field, exact) => {
    expect(problems({ messages })).toContainEqual([field, exact]);
  });

  it.each<[string, WireMessage[]]>([
    ['several answers in a row', [user('a'), assistant('b'), assistant('c'), user('d')]],
    ['an answer at the beginning', [assistant('a'), user('b')]],
    ['a tool call after text and thinking', called([result('1')], call('1', { caller: { type: 'direct' } }))],
    [
      'thinking between tool calls',
      [user('a'), assistant([thinking, call('1'), thinking, call('2')]), user([result('2'), result('1')])],
    ],
    ['blank text next to text', between(text('a'), text(' '))],
    ['no citations', between({ ...text('a'), citations: null })],
    ['an image in a result', called([result('1', { content: [image(png)] })])],
    ['an image by URL', [user([{ type: 'image', source: { type: 'url', url: 'https://e.com/a.png' } }])]],
    ['blocks of a type nobody knows', [user([{ type: 'hologram', data: 1 }])]],
  ])('carries %s', (_, messages) => {
    expect(problems({ messages })).toEqual([]);
  });
});

describe('tools and system prompt', () => {
  const tool = (rest: Partial<WireTool>): WireTool => ({
    name: 'f',
    input_schema: { type: 'object' },
    ...rest,
  });
  const tools = (...given: WireTool[]) => problems({ tools: given });

  it.each<[string, Partial<WireTool>, string, boolean]>([
    ['a server tool', { type: 'web_search_20250305' }, 'tools.0.type', true],
    ['a strict tool', { strict: true }, 'tools.0.strict', true],
    [
      'an alternative at the root',
      { input_schema: { type: 'object', anyOf: [] } },
      'tools.0.input_schema.anyOf',
      true,
    ],
    ['a schema that is no object', { input_schema: { type: 'string' } }, 'tools.0.input_schema.type', false],
    [
      'a long cache lifetime',
      { cache_control: { type: 'ephemeral', ttl: '1h' } },
      'tools.0.cache_control.ttl',
      true,
    ],
    ['the name that the CLI keeps', { name: 'ToolSearch' }, 'tools.0.name', true],
  ])('refuses %s', (_, rest, field, exact) => {
    expect(tools(tool(rest))).toEqual([[field, exact]]);
  });

  it('refuses two tools of one name', () => {
    expect(tools(tool({}), tool({}))).toEqual([['tools', false]]);
  });

  it('carries settings that say the default, and a breakpoint', () => {
    const settings = { type: 'custom', strict: false, allowed_callers: ['direct'], defer_loading: false };
    expect(tools(tool({ ...settings, cache_control: { type: 'ephemeral' } }))).toEqual([]);
  });

  it('refuses what a block of the system prompt may hold besides text', () => {
    const system = [{ type: 'text' as const, text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }];
    expect(problems({ system })).toEqual([['system.0.cache_control.ttl', true]]);
  });
});

function problems(request: Partial<MessagesRequest>): [string, boolean][] {
  const found = whatReplayCannotCarry({ model: 'm', max_tokens: 10, messages: [user('a')], ...request });
  return found.map(({ field, exact }) => [field, exact]);
}
