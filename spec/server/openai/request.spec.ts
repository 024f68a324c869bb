import { describe, expect, it } from 'vitest';
import { parseChatRequest } from '../../../lib/server/openai/request.ts';
import { toMessagesRequest } from '../../../lib/server/openai/to-messages-request.ts';

const user = { role: 'user', content: 'Hi' };
const base = { model: 'm', messages: [user] };

function map(fields: object) {
  const parsed = parseChatRequest({ ...base, ...fields });
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return toMessagesRequest(parsed.request);
}

function problemOf(fields: object): string {
  try {
    map(fields);
  } catch (error) {
    return (error as Error).message;
  }
  return 'mapped';
}

const tool = { type: 'function', function: { name: 'f' } };

describe('a chat request becomes a Messages request:', () => {
  const limit = { model: 'm', max_tokens: 32_000, messages: [user], stream: false };

  it.each<[string, object, object]>([
    ['as it is', {}, {}],
    ['max_tokens', { max_tokens: 5 }, { max_tokens: 5 }],
    ['max_completion_tokens', { max_tokens: 5, max_completion_tokens: 6 }, { max_tokens: 6 }],
    ['sampling', { temperature: 0.5, top_p: 0.9 }, { temperature: 0.5, top_p: 0.9 }],
    ['a stop', { stop: 'END' }, { stop_sequences: ['END'] }],
    ['stops', { stop: ['a', 'b'] }, { stop_sequences: ['a', 'b'] }],
    ['a stream', { stream: true, stream_options: { include_usage: true } }, { stream: true }],
    [
      'a hint to a cache',
      {
        messages: [
          { role: 'system', content: [{ type: 'text', text: 'a', prompt_cache_breakpoint: {} }] },
          user,
        ],
      },
      { system: [{ type: 'text', text: 'a' }] },
    ],
    ['nulls', { stop: null, tools: null, temperature: null }, {}],
    [
      'what asks for nothing',
      { n: 1, store: false, logprobs: false, presence_penalty: 0, logit_bias: {} },
      {},
    ],
    ['an end user', { user: 'u' }, { metadata: { user_id: 'u' } }],
    ['effort', { reasoning_effort: 'high' }, { output_config: { effort: 'high' } }],
    ['no effort', { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['a service tier', { service_tier: 'default' }, { service_tier: 'standard_only' }],
    ['text as the format', { response_format: { type: 'text' } }, {}],
    [
      'a schema as the format',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
        },
      },
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
    ],
    [
      'a tool',
      { tools: [tool] },
      { tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }] },
    ],
    [
      'the choice of a tool',
      { tools: [tool], tool_choice: tool, parallel_tool_calls: false },
      {
        tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
        tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
      },
    ],
    ['no tool', { tool_choice: 'none' }, { tool_choice: { type: 'none' } }],
    ['any tool', { tool_choice: 'required' }, { tool_choice: { type: 'any' } }],
    [
      'system messages',
      {
        messages: [
          { role: 'system', content: 'a' },
          { role: 'developer', content: [{ type: 'text', text: 'b' }] },
          user,
        ],
      },
      {
        system: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ],
    [
      'a PDF',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QQ==' } },
            ],
          },
        ],
      },
      {
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'document',
                title: 'a.pdf',
                source: { type: 'base64', media_type: 'application/pdf', data: 'QQ==' },
              },
            ],
          },
        ],
      },
    ],
    [
      'an image by URL',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }] },
        ],
      },
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }],
          },
        ],
      },
    ],
  ])('%s', (_, fields, expected) => {
    expect(map(fields)).toEqual({ ...limit, ...expected });
  });
});

describe('what cannot be mapped is refused by name:', () => {
  const content = (part: object) => ({ messages: [{ role: 'user', content: [part] }] });
  const called = (json: string) => ({
    messages: [
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: json } }],
      },
    ],
  });

  it.each<[object, RegExp]>([
    [{ seed: 1 }, /^seed: cannot be mapped/],
    [{ n: 2 }, /^n: only 1 can be mapped/],
    [{ temperature: 1.5 }, /^temperature: can be mapped up to 1/],
    [{ logprobs: true }, /^logprobs: /],
    [{ logit_bias: { 5: 1 } }, /^logit_bias\.5: /],
    [{ metadata: { a: 'b' } }, /^metadata: .*stored/],
    [{ functions: [] }, /^functions: .*use tools/],
    [{ verbosity: 'low' }, /^verbosity: /],
    [{ modalities: ['audio'] }, /^modalities\[0\]: only "text"/],
    [{ reasoning_effort: 'minimal' }, /^reasoning_effort: /],
    [{ service_tier: 'flex' }, /^service_tier: /],
    [{ response_format: { type: 'json_object' } }, /^response_format.*use json_schema/],
    [{ tools: [{ type: 'custom', custom: { name: 'f' } }] }, /^tools\[0\]\.type: only "function"/],
    [{ what_is_this: 1 }, /what_is_this/],
    [{ messages: 'Hi' }, /^messages: /],
    [{ model: undefined }, /^model: /],
    [
      content({ type: 'input_audio', input_audio: {} }),
      /^messages\[0\]\.content\[0\].*text, image_url and file/,
    ],
    [
      content({ type: 'image_url', image_url: { url: 'a', detail: 'low' } }),
      /^messages\[0\]\.content\[0\]\.image_url\.detail: /,
    ],
    [content({ type: 'text', text: 'a', colour: 'red' }), /colour/],
    [{ tools: [{ ...tool, colour: 'red' }] }, /colour/],
    [content({ type: 'file', file: { file_id: 'a' } }), /^messages\[0\]\.content\[0\]\.file\./],
    [
      content({ type: 'file', file: { file_data: 'data:text/csv;base64,QQ==' } }),
      /file_data: only a base64 data URL of a PDF/,
    ],
    [{ messages: [{ ...user, name: 'me' }] }, /^messages\[0\]\.name: /],
    [{ messages: [user, { role: 'system', content: 'late' }] }, /^messages\[1\]: .*before all others/],
    [called('{"a":'), /^messages\[0\]\.tool_calls\[0\]\.function\.arguments: is not JSON/],
  ])('%j', (fields, problem) => {
    expect(problemOf(fields)).toMatch(problem);
  });
});
