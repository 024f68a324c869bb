import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { failures } from '../../../lib/testing/index.ts';
import { startServer, type TestServer } from '../stand-in.ts';

// The official OpenAI client is the judge of what an OpenAI client understands.

const token = 'a-token-of-enough-length';
let server: TestServer;
let client: OpenAI;
beforeAll(async () => {
  server = await startServer({ token });
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: token, maxRetries: 0 });
});
beforeEach(() => server.api.reset());
afterAll(() => server.close({ grace: 0 }));

const params = {
  model: 'claude-opus-5-5',
  messages: [{ role: 'user' as const, content: 'What is 2+2?' }],
};
const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'add',
      description: 'Adds',
      parameters: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
    },
  },
];

describe('chat.completions', () => {
  it('answers whole, with usage and an id for the request', async () => {
    const completion = await client.chat.completions.create(params);
    expect(completion.choices[0]).toMatchObject({
      message: { role: 'assistant', content: '4', refusal: null },
      finish_reason: 'stop',
    });
    expect(completion.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: expect.any(Number) });
    expect(completion._request_id).toMatch(/^req_/);
  });

  it('streams, with usage when asked for', async () => {
    server.api.reply('one two three');
    const stream = await client.chat.completions.create({
      ...params,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('')).toBe('one two three');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
  });

  it('calls tools, streamed and whole alike, and takes their results', async () => {
    const calls = [
      { type: 'text', text: 'Let me add.' },
      { type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 2, b: 2 } },
      { type: 'tool_use', id: 'toolu_2', name: 'add', input: {} },
    ];
    server.api.reply(calls, calls, 'It is 4.');
    const whole = await client.chat.completions.create({ ...params, tools });
    const streamed = await client.chat.completions.stream({ ...params, tools }).finalChatCompletion();
    const [choice] = whole.choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    expect(choice?.message.tool_calls).toEqual([
      { id: 'toolu_1', type: 'function', function: { name: 'add', arguments: '{"a":2,"b":2}' } },
      { id: 'toolu_2', type: 'function', function: { name: 'add', arguments: '{}' } },
    ]);
    expect(streamed.choices[0]?.message.tool_calls).toMatchObject(choice?.message.tool_calls ?? []);
    if (!choice) return;

    const results = ['toolu_1', 'toolu_2'].map(id => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: '4',
    }));
    const messages = [...params.messages, choice.message, ...results];
    const answer = await client.chat.completions.create({ ...params, tools, messages });
    expect(answer.choices[0]?.message.content).toBe('It is 4.');
    expect(server.api.requests[2]?.body.messages).toEqual([
      { role: 'user', content: 'What is 2+2?' },
      { role: 'assistant', content: calls },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: '4' },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: '4' },
        ],
      },
    ]);
  });

  it("runs the SDK's own tool loop", async () => {
    server.api.reply([{ type: 'tool_use', name: 'add', input: { a: 2, b: 3 } }], 'Five.');
    const runner = client.chat.completions.runTools({
      ...params,
      tools: [
        {
          type: 'function',
          function: {
            name: 'add',
            description: 'Adds',
            parameters: { type: 'object' },
            parse: JSON.parse,
            function: ({ a, b }: { a: number; b: number }) => String(a + b),
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('Five.');
    expect(JSON.stringify(server.api.requests[1]?.body.messages)).toContain('"content":"5"');
  });

  it('sends images, and gets structured answers', async () => {
    server.api.reply('{"answer":4}');
    const Answer = z.object({ answer: z.number() });
    const completion = await client.chat.completions.parse({
      model: 'claude-opus-5-5',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'How many?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
      ],
      response_format: zodResponseFormat(Answer, 'answer'),
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ answer: 4 });
    const [request] = server.api.requests;
    expect(request?.body.messages[0]?.content).toEqual([
      { type: 'text', text: 'How many?' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
    ]);
    expect(request?.body.output_config).toMatchObject({ format: { type: 'json_schema' } });
  });

  it('gets typed errors, also in the middle of a stream', async () => {
    const wrongToken = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
    await expect(wrongToken.chat.completions.create(params)).rejects.toThrow(OpenAI.AuthenticationError);
    server.api.reply(failures.rateLimited);
    await expect(client.chat.completions.create(params)).rejects.toThrow(OpenAI.RateLimitError);
    await expect(client.chat.completions.create({ ...params, seed: 1 })).rejects.toMatchObject({
      status: 400,
      param: 'seed',
      type: 'invalid_request_error',
      message: expect.stringContaining('cannot be mapped'),
    });
    for (const failure of [failures.errorMidStream, failures.endMidStream, failures.stallMidStream]) {
      server.api.reply(failure);
      const stream = await client.chat.completions.create({ ...params, stream: true });
      if (failure === failures.stallMidStream) server.api.requests.at(-1)?.reset();
      const read = async () => {
        for await (const _ of stream);
      };
      await expect(read()).rejects.toThrow();
    }
  });

  it('stops the answer upstream when its stream is left', async () => {
    server.api.reply(failures.stallMidStream);
    const stream = await client.chat.completions.create({ ...params, stream: true });
    for await (const _ of stream) break;
    expect(await server.api.requests[0]?.closed).toBe('aborted');
  });
});

describe('models', () => {
  it('are listed and found in the shape OpenAI clients know', async () => {
    const models = [];
    for await (const model of client.models.list()) models.push(model);
    expect(models[0]).toEqual({ id: 'claude-opus-5-5', object: 'model', created: 0, owned_by: 'anthropic' });
    expect(await client.models.retrieve('claude-opus-5-5')).toMatchObject({ object: 'model' });
    await expect(client.models.retrieve('nobody')).rejects.toThrow(OpenAI.NotFoundError);
  });
});
