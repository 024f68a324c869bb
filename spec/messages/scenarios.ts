import type Anthropic from '@anthropic-ai/sdk';
import { type Answer, failures } from '../../lib/testing/index.ts';
import { call, error, image, pause, pdf, says, slowly, turns, user, weather } from './parts.ts';

/** One call of the Messages API, and what the API answers. */
export interface Scenario {
  name: string;
  answer: Answer;
  params?: Partial<Anthropic.MessageCreateParamsNonStreaming> & Sampling;
}

/** Newer models take none, so the SDK has no types for them. */
interface Sampling {
  temperature?: number;
  top_p?: number;
  top_k?: number;
}

export const scenarios: Scenario[] = [
  { name: 'a plain answer', answer: says('Four.') },
  { name: 'a conversation of ten turns', answer: says('Ten.'), params: { messages: turns(10) } },
  {
    name: 'consecutive assistant messages',
    answer: says('ok'),
    params: {
      messages: [
        user('a'),
        { role: 'assistant', content: 'b' },
        { role: 'assistant', content: 'c' },
        user('d'),
      ],
    },
  },
  { name: 'a system prompt', answer: says('Arr.'), params: { system: 'You are a pirate.' } },
  {
    name: 'text that looks like a command, a file mention and a reminder',
    answer: says('ok'),
    params: {
      messages: [
        user('/cost'),
        { role: 'assistant', content: '@/etc/passwd' },
        user('@/etc/passwd <system-reminder>hi</system-reminder>'),
        { role: 'assistant', content: '/clear\n' },
        user('/clear'),
      ],
    },
  },
  {
    name: 'text with odd characters and white space',
    answer: says('\u0000 ä 😀 \u2028 \r\n'),
    params: {
      messages: [user('  \t\u0007 ä 😀 \u2028 \r\n '), { role: 'assistant', content: ' x \n' }, user('\n.')],
    },
  },
  {
    name: 'an image',
    answer: says('A dot.'),
    params: { messages: [{ role: 'user', content: [image(), { type: 'text', text: 'What is it?' }] }] },
  },
  {
    name: 'an image by URL',
    answer: says('A dot.'),
    params: {
      messages: [
        { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://e.com/a.png' } }] },
      ],
    },
  },
  {
    name: 'a PDF, a text document and a search result',
    answer: says('Read.'),
    params: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', source: pdf, title: 'A', context: 'B', citations: { enabled: true } },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'plain' } },
            { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'found' }] },
            { type: 'text', text: 'Summarise.' },
          ],
        },
      ],
    },
  },
  {
    name: 'an answer with citations',
    answer: says([
      {
        type: 'text',
        text: 'The grass is green.',
        citations: [
          {
            type: 'char_location',
            cited_text: 'green',
            document_index: 0,
            document_title: null,
            start_char_index: 0,
            end_char_index: 5,
          },
        ],
      },
    ]),
  },
  { name: 'one tool call', answer: says([call(1)]), params: { tools: [weather] } },
  {
    name: 'text and parallel tool calls',
    answer: says([{ type: 'text', text: 'Both.' }, call(1), call(2), call(3)]),
    params: { tools: [weather], tool_choice: { type: 'any', disable_parallel_tool_use: false } },
  },
  {
    name: 'a call of a tool that is not there',
    answer: says(
      [
        { type: 'text', text: 'Well' },
        { type: 'tool_use', id: 'toolu_1', name: 'nowhere', input: {} },
      ],
      { delay: pause },
    ),
    params: { tools: [weather] },
  },
  {
    name: 'a tool named like one of the CLI',
    answer: says([{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'touch /tmp/x' } }]),
    params: {
      tools: [
        { ...weather, name: 'Bash' },
        { ...weather, name: 'Read' },
        { ...weather, name: 'bash' },
      ],
      tool_choice: { type: 'tool', name: 'Bash' },
    },
  },
  {
    name: 'a tool with a long description and a deep schema',
    answer: says('ok'),
    params: {
      tools: [
        {
          name: 'deep',
          description: 'd'.repeat(20_000),
          input_schema: {
            type: 'object',
            $defs: { x: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
            properties: { x: { $ref: '#/$defs/x' }, y: { enum: [1, 'a', null] }, z: true },
            required: ['x'],
            additionalProperties: false,
          },
        },
      ],
      tool_choice: { type: 'none' },
    },
  },
  {
    name: 'tool results: text, blocks, an image, an error, nothing',
    answer: says('Sunny.'),
    params: {
      tools: [weather],
      messages: [
        user('Weather?'),
        { role: 'assistant', content: [{ type: 'text', text: 'Let me see.' }, ...[1, 2, 3, 4, 5].map(call)] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_2', content: 'rain' },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              content: [{ type: 'text', text: 'sun' }, image()],
            },
            { type: 'tool_result', tool_use_id: 'toolu_3', content: 'no such city', is_error: true },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_4',
              content: [{ type: 'text', text: 'e' }],
              is_error: true,
            },
            { type: 'tool_result', tool_use_id: 'toolu_5' },
            { type: 'text', text: 'Go on.' },
          ],
        },
      ],
    },
  },
  {
    name: 'thinking, also redacted',
    answer: says([
      { type: 'thinking', thinking: 'Let me think about it.', signature: 'c2lnbmVk' },
      { type: 'redacted_thinking', data: 'b3BhcXVl' },
      { type: 'text', text: 'Done.' },
    ]),
    params: { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 } },
  },
  {
    name: 'thinking of an earlier turn',
    answer: says('Still so.'),
    params: {
      thinking: { type: 'adaptive' },
      tools: [weather],
      messages: [
        user('Weather?'),
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'A tool.', signature: 'c2lnbmVk' },
            { type: 'redacted_thinking', data: 'b3BhcXVl' },
            call(1),
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'sun' }] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: '', signature: 'c2lnbmVk' },
            { type: 'text', text: 'Sun.' },
          ],
        },
        user('Really?'),
      ],
    },
  },
  {
    name: 'server tools of an earlier turn',
    answer: says('ok'),
    params: {
      messages: [
        user('Search.'),
        {
          role: 'assistant',
          content: [
            { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
            { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
            { type: 'text', text: 'Nothing.' },
          ],
        },
        user('Again.'),
      ],
    },
  },
  {
    name: 'an answer with blocks of a server tool and of a type nobody knows',
    answer: says([
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
      { type: 'text', text: 'Nothing.' },
    ]),
  },
  {
    name: 'structured output',
    answer: says('{"city":"Paris"}'),
    params: {
      output_config: {
        format: {
          type: 'json_schema',
          schema: { type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false },
        },
      },
    },
  },
  { name: 'effort', answer: says('ok'), params: { output_config: { effort: 'low' } } },
  {
    name: 'sampling settings and metadata',
    answer: says('ok'),
    params: {
      temperature: 0.3,
      top_p: 0.9,
      top_k: 40,
      metadata: { user_id: 'user-1' },
      service_tier: 'standard_only',
      thinking: { type: 'disabled' },
    },
  },
  {
    name: 'a stop sequence',
    answer: says('One, two', { stopReason: 'stop_sequence', stopSequence: 'three' }),
    params: { stop_sequences: ['three', '\n\nHuman:'] },
  },
  {
    name: 'max_tokens',
    answer: says([{ type: 'text', text: slowly('It was a') }], { stopReason: 'max_tokens' }),
    params: { max_tokens: 3 },
  },
  {
    name: 'max_tokens within a tool call',
    answer: says([{ type: 'text', text: slowly('Now:') }, call(1)], { stopReason: 'max_tokens' }),
    params: { max_tokens: 3, tools: [weather] },
  },
  {
    name: 'a refusal',
    answer: says('I', {
      stopReason: 'refusal',
      stopDetails: { type: 'refusal', category: 'cyber', explanation: 'No.' },
    }),
  },
  { name: 'a refusal without text', answer: says([], { stopReason: 'refusal' }) },
  { name: 'a pause', answer: says('Still searching', { stopReason: 'pause_turn' }) },
  {
    name: 'a full context window',
    answer: says([{ type: 'text', text: slowly('It') }], {
      stopReason: 'model_context_window_exceeded',
      usage: { input_tokens: 199_000 },
    }),
  },
  {
    name: 'an empty answer',
    answer: says([{ type: 'text', text: slowly('') }]),
    // So few that the CLI is told at once not to go on; without that its worker has to be ended in time.
    params: { max_tokens: 50 },
  },
  {
    name: 'an answer of thinking alone',
    answer: says([{ type: 'thinking', thinking: slowly('Hm.'), signature: 'c2lnbmVk' }]),
  },
  { name: 'a long answer', answer: says('word '.repeat(2000)) },
];

/** What happens where the API fails before its first event: status, type and message arrive as they were. */
export const refusals: { name: string; answer: Answer }[] = [
  {
    name: 'an invalid request (400)',
    answer: error(400, 'messages.3.content: something is wrong: a · b. c'),
  },
  { name: 'no credit (402)', answer: error(402, 'There is an issue with your billing') },
  { name: 'no permission (403)', answer: error(403, 'Your API key may not do this.') },
  {
    name: 'a rate limit (429)',
    answer: error(429, 'This request would exceed your rate limit of 50 requests.'),
  },
  { name: 'a server error (500)', answer: error(500, 'Internal server error') },
  { name: 'overload (529)', answer: failures.overloaded },
];
