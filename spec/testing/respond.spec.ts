import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, failures, type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { deltaOf, postMessage, readBody, readEvents, textOf } from './post-message.ts';

let api: OfflineApi;
beforeAll(async () => {
  api = await startOfflineApi();
});
beforeEach(() => api.reset());
afterAll(() => api.close());

const streamed = async (answer: Answer) => {
  api.reply(answer);
  return readEvents(await postMessage(api.url, 'Hello'));
};
const whole = async (answer: Answer) => {
  api.reply(answer);
  return readBody(await postMessage(api.url, 'Hello', { stream: false }));
};
/** The same answer by both ways: the content of a whole message, and the one its events add up to. */
const bothWays = async (answer: Answer) => ({
  whole: (await whole(answer)).content,
  deltas: (await streamed(answer))
    .filter(({ type }) => type.startsWith('content_block'))
    .map(({ index: _, ...event }) => event.content_block ?? event.delta ?? event.type),
});

describe('a streamed message', () => {
  it('has the events of the real API, in its order', async () => {
    const events = await streamed('Hi there');
    expect(events).toEqual([
      {
        type: 'message_start',
        message: {
          id: expect.stringMatching(/^msg_offline_\d+$/),
          type: 'message',
          role: 'assistant',
          model: 'claude-opus-5-5',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          stop_details: null,
          usage: {
            input_tokens: 3,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
            output_tokens: 1,
            service_tier: 'standard',
          },
        },
      },
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi ' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'there' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null, stop_details: null },
        usage: {
          input_tokens: 3,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          output_tokens: 2,
        },
      },
      { type: 'message_stop' },
    ]);
  });

  it('is sent as text/event-stream, and begins only after `firstDelay` milliseconds', async () => {
    api.reply({ content: 'Hi', firstDelay: 40, headers: { 'x-extra': 'yes' } });
    const start = performance.now();
    const response = await postMessage(api.url, 'Hello');
    expect(performance.now() - start).toBeGreaterThan(35);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-extra')).toBe('yes');
    await response.text();
  });

  it('can be 20 MB in one delta', async () => {
    const text = 'x'.repeat(20_000_000);
    const events = await streamed({ content: text, chunkSize: Number.POSITIVE_INFINITY });
    expect(events.filter(({ type }) => type === 'content_block_delta')).toHaveLength(1);
    expect(textOf(events) === text).toBe(true);
  });

  it('can be tens of thousands of deltas', async () => {
    const events = await streamed('word '.repeat(30_000));
    expect(events.filter(({ type }) => type === 'content_block_delta')).toHaveLength(30_000);
    expect(textOf(events)).toHaveLength(150_000);
  });

  it('takes deltas from an async iterable as they come, so that a test can wait in between', async () => {
    let goOn = () => {};
    const gate = new Promise<void>(resolve => {
      goOn = resolve;
    });
    async function* text() {
      yield 'before ';
      await gate;
      yield 'after';
    }
    api.reply([{ type: 'text', text: text() }]);
    const response = await postMessage(api.url, 'Hello');
    const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
    let received = '';
    while (!received.includes('before')) received += (await reader.read()).value;
    expect(received).not.toContain('after');

    goOn();
    for (let part = await reader.read(); !part.done; part = await reader.read()) received += part.value;
    expect(received).toContain('after');
    expect(received).toContain('message_stop');
  });
});

describe('a whole message', () => {
  it('holds what the stream would', async () => {
    expect(await whole('Hi there')).toEqual({
      id: expect.stringMatching(/^msg_offline_\d+$/),
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-5-5',
      content: [{ type: 'text', text: 'Hi there' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      usage: {
        input_tokens: 3,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 2,
        service_tier: 'standard',
      },
    });
  });

  it('has an id of its own each time', async () => {
    expect((await whole('one')).id).not.toBe((await whole('two')).id);
  });
});

describe('blocks', () => {
  it('text comes with its citations', async () => {
    const citation = { type: 'char_location', cited_text: 'Sky', document_index: 0 };
    expect(await bothWays([{ type: 'text', text: ['The ', 'sky.'], citations: [citation] }])).toEqual({
      whole: [{ type: 'text', text: 'The sky.', citations: [citation] }],
      deltas: [
        { type: 'text', text: '', citations: [] },
        { type: 'text_delta', text: 'The ' },
        { type: 'text_delta', text: 'sky.' },
        { type: 'citations_delta', citation },
        'content_block_stop',
      ],
    });
  });

  it('thinking comes with its signature', async () => {
    expect(await bothWays([{ type: 'thinking', thinking: 'Hm.', signature: 'c2ln' }])).toEqual({
      whole: [{ type: 'thinking', thinking: 'Hm.', signature: 'c2ln' }],
      deltas: [
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'Hm.' },
        { type: 'signature_delta', signature: 'c2ln' },
        'content_block_stop',
      ],
    });
  });

  it('a tool call streams its input as JSON in pieces, and ends with tool_use', async () => {
    const input = { city: 'Paris', days: 3, nested: { list: [1, 2] } };
    const events = await streamed(['weather', 'forecast'].map(name => ({ type: 'tool_use', name, input })));
    const json = (index: number) =>
      events
        .filter(event => event.index === index)
        .map(event => deltaOf(event).partial_json ?? '')
        .join('');
    expect(JSON.parse(json(0))).toEqual(input);
    expect(JSON.parse(json(1))).toEqual(input);
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } });

    const [start, second] = events.filter(({ type }) => type === 'content_block_start');
    expect(start?.content_block).toMatchObject({ id: expect.stringMatching(/^toolu_offline_/), input: {} });
    expect(second?.content_block).not.toMatchObject({ id: Object(start?.content_block).id });
  });

  it('redacted thinking, search results and unknown types are sent whole', async () => {
    const blocks = [
      { type: 'redacted_thinking', data: 'b3BhcXVl' },
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
      { type: 'from_the_future', answer: 42 },
    ];
    const { whole, deltas } = await bothWays(blocks);
    expect(whole).toEqual(blocks);
    expect(deltas).toEqual(expect.arrayContaining(blocks));
  });

  it('an emoji is never cut in half', async () => {
    const events = await streamed({ content: 'ab😀cd', chunkSize: 3 });
    expect(events.flatMap(event => deltaOf(event).text ?? [])).toEqual(['ab😀', 'cd']);
  });
});

describe('what an answer may say of itself', () => {
  it.each(['max_tokens', 'pause_turn', 'model_context_window_exceeded', 'not_invented_yet'])(
    'the stop reason %s',
    async stopReason => {
      expect(await whole({ content: 'Hi', stopReason })).toMatchObject({ stop_reason: stopReason });
    },
  );

  it('the stop sequence', async () => {
    const answer = { content: 'Hi', stopReason: 'stop_sequence', stopSequence: 'END' };
    const ending = { stop_reason: 'stop_sequence', stop_sequence: 'END' };
    expect(await whole(answer)).toMatchObject(ending);
    expect((await streamed(answer)).at(-2)).toMatchObject({ delta: ending });
  });

  it('a refusal with its details and no content', async () => {
    const stopDetails = { type: 'refusal', category: 'cyber', explanation: null };
    const answer = { content: [], stopReason: 'refusal', stopDetails };
    const ending = { stop_reason: 'refusal', stop_details: stopDetails };
    expect(await whole(answer)).toMatchObject({ content: [], ...ending });
    expect((await streamed(answer)).at(-2)).toMatchObject({ delta: ending });
  });

  it('usage, model and id', async () => {
    const usage = { input_tokens: 7, cache_read_input_tokens: 1000, output_tokens: 50, from_the_future: 1 };
    const answer = { content: 'Hi', usage, model: 'other', id: 'msg_mine' };
    expect(await whole(answer)).toMatchObject({ id: 'msg_mine', model: 'other', usage });
    const events = await streamed(answer);
    expect(events[0]).toMatchObject({ message: { usage: { ...usage, output_tokens: 1 } } });
    expect(events.at(-2)).toMatchObject({ usage });
  });
});

describe('error responses', () => {
  it.each([
    ['invalidRequest', 400, 'invalid_request_error'],
    ['lowCredit', 400, 'invalid_request_error'],
    ['promptTooLong', 400, 'invalid_request_error'],
    ['invalidKey', 401, 'authentication_error'],
    ['forbidden', 403, 'permission_error'],
    ['unknownModel', 404, 'not_found_error'],
    ['tooLarge', 413, 'request_too_large'],
    ['rateLimited', 429, 'rate_limit_error'],
    ['planLimited', 429, 'rate_limit_error'],
    ['serverError', 500, 'api_error'],
    ['overloaded', 529, 'overloaded_error'],
  ] as const)('failures.%s is a %i %s', async (name, status, type) => {
    api.reply(failures[name]);
    const response = await postMessage(api.url, 'Hello');
    expect(response.status).toBe(status);
    expect(await readBody(response)).toEqual({
      type: 'error',
      error: { type, message: expect.stringMatching(/\w/) },
      request_id: response.headers.get('request-id'),
    });
  });

  it('take any status, type, message and headers', async () => {
    const headers = { 'retry-after': '7' };
    api.reply({ error: { status: 418, type: 'teapot_error', message: 'short and stout', headers } });
    const response = await postMessage(api.url, 'Hello');
    expect([response.status, response.headers.get('retry-after')]).toEqual([418, '7']);
    expect(await readBody(response)).toMatchObject({
      error: { type: 'teapot_error', message: 'short and stout' },
    });
  });

  it('a plan that is used up says until when in the unified headers', async () => {
    api.reply(failures.planLimited);
    const { headers } = await postMessage(api.url, 'Hello');
    expect(headers.get('anthropic-ratelimit-unified-status')).toBe('rejected');
    const reset = Number(headers.get('anthropic-ratelimit-unified-reset')) * 1000;
    expect(reset).toBeGreaterThan(Date.now() + 3_500_000);
  });

  it('a broken proxy answers with HTML', async () => {
    api.reply(failures.htmlPage);
    const response = await postMessage(api.url, 'Hello');
    expect([response.status, response.headers.get('content-type')]).toEqual([503, 'text/html']);
    expect(await response.text()).toContain('<h1>503');
  });
});

describe('raw events', () => {
  it('are written as given, strings byte for byte', async () => {
    api.reply({ events: [{ type: 'ping' }, ': a comment\n\n', 'data: [DONE]\n\n'] });
    const response = await postMessage(api.url, 'Hello', { stream: false });
    expect(response.headers.get('content-type')).toMatch('text/event-stream');
    expect(await response.text()).toBe(
      'event: ping\ndata: {"type":"ping"}\n\n: a comment\n\ndata: [DONE]\n\n',
    );
  });
});
