import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ContentBlock,
  createPool,
  defaultLimiter,
  type StreamOptions,
  streamResponse,
} from '../lib/index.ts';
import { type OfflineApi, startOfflineApi } from '../lib/testing/index.ts';
import { fake, outcomeOf, readTo } from './fixtures/outcome.ts';
import { type Watch, watchProcesses } from './fixtures/processes.ts';

let api: OfflineApi;
let watch: Watch;

beforeAll(async () => {
  api = await startOfflineApi();
});

afterAll(() => api.close());

beforeEach(() => {
  api.reset();
  watch = watchProcesses();
});

afterEach(() => {
  watch.stop();
  expect(watch.left()).toEqual([]);
  expect(defaultLimiter.pending).toBe(0);
});

describe('an answer', () => {
  it('comes in the order start, text, message, end, and the summary is returned', async () => {
    api.reply('Four score and seven years ago');
    const { events, summary, text } = await ask('Quote something');
    const types = events.map(event => event.type).filter(type => type !== 'notice');
    expect(types[0]).toBe('start');
    expect(types.filter(type => type === 'text')).toHaveLength(6);
    expect(types.slice(-2)).toEqual(['message', 'end']);
    expect(text).toBe('Four score and seven years ago');
    expect(summary).toMatchObject({ text, stopReason: 'end_turn', turns: 1 });
    expect(summary?.sessionId).toMatch(/^[\da-f-]{36}$/);
    expect(summary?.costUsd).toBeGreaterThan(0);
    expect(events.at(-1)).toEqual({ type: 'end', ...summary });
  });

  it('arrives while it is still being written', async () => {
    let finish = () => {};
    const rest = new Promise<void>(resolve => {
      finish = resolve;
    });
    async function* pieces() {
      yield 'early ';
      await rest;
      yield 'late';
    }
    api.reply([{ type: 'text', text: pieces() }]);
    const stream = streamResponse('Hello', options());
    expect(await readTo(stream, 'text')).toMatchObject({ text: 'early ' });
    finish();
    expect((await outcomeOf(stream)).summary?.text).toBe('early late');
  });

  it('of thinking and a refusal keeps what the API sent', async () => {
    api.reply(
      [
        { type: 'thinking', thinking: 'Let me see.' },
        { type: 'text', text: 'Seen.' },
      ],
      { content: 'I would rather', stopReason: 'refusal' },
    );
    const { events, summary } = await outcomeOf(streamResponse(messages('Look', 'Look closer'), options()));
    expect(events).toContainEqual({ type: 'thinking', text: expect.stringContaining('Let') });
    expect(summary?.stopReason).toBe('refusal');
    expect(api.requests).toHaveLength(2);
  });

  it('to an image has seen the image', async () => {
    const image: ContentBlock = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: onePixel },
    };
    await ask([{ type: 'text', text: 'What is this?' }, image]);
    expect(api.requests[0]?.body.messages[0]?.content).toContainEqual(
      expect.objectContaining({ type: 'image' }),
    );
  });
});

describe('the scenarios of the brief', () => {
  it('2 + 2 is 4', async () => {
    expect((await ask('What is 2+2?')).text).toContain('4');
  });

  it('a name told earlier is remembered', async () => {
    const stream = streamResponse(messages('My name is Ada.', "What's my name?"), options());
    const { events } = await outcomeOf(stream);
    const ends = events.filter(event => event.type === 'end');
    expect(ends).toHaveLength(2);
    expect(ends[1]?.text).toContain('Ada');
    expect(new Set(ends.map(end => end.sessionId)).size).toBe(1);
    expect(watch.pids).toHaveLength(1);
  });

  it('a pirate speaks like a pirate', async () => {
    const { text } = await ask('Hello, how are you?', { systemPrompt: 'You are a pirate. Speak like one.' });
    expect(text).toMatch(/arr|ahoy|matey/i);
  });

  it('an essay of 500 words comes in many pieces', async () => {
    const { events, text } = await ask('Write a 500-word essay about the sea');
    expect(text.split(/\s+/).length).toBeGreaterThan(400);
    expect(events.filter(event => event.type === 'text').length).toBeGreaterThan(50);
  });
});

describe('options', () => {
  it('reach the request', async () => {
    await ask('Hello', {
      model: 'claude-sonnet-5-5',
      systemPrompt: 'Be brief.',
      appendSystemPrompt: 'Be kind.',
      effort: 'low',
      temperature: 0.25,
      topP: 0.5,
      topK: 7,
      stopSequences: ['STOP'],
      maxOutputTokens: 1234,
      thinking: { type: 'enabled', budgetTokens: 1100 },
      outputSchema: { type: 'object', properties: { a: { type: 'number' } } },
    });
    expect(api.requests[0]?.body).toMatchObject({
      model: 'claude-sonnet-5-5',
      temperature: 0.25,
      top_p: 0.5,
      top_k: 7,
      stop_sequences: ['STOP'],
      max_tokens: 1234,
      thinking: { type: 'enabled', budget_tokens: 1100 },
      output_config: {
        effort: 'low',
        format: { type: 'json_schema', schema: { type: 'object', properties: { a: { type: 'number' } } } },
      },
      tools: [],
    });
    expect(JSON.stringify(api.requests[0]?.body.system)).toContain('Be brief.\\n\\nBe kind.');
  });

  it('of one call do not stick to the warm worker that the next call gets', async () => {
    const pool = createPool({ warm: 0 });
    const thinking = { type: 'disabled' } as const;
    await ask('One', { pool, model: 'claude-sonnet-5-5', temperature: 0.25, effort: 'low', thinking });
    await ask('Two', { pool });
    await pool.close();
    const [first, second] = api.requests.map(request => request.body);
    expect(first).toMatchObject({
      model: 'claude-sonnet-5-5',
      temperature: 0.25,
      output_config: { effort: 'low' },
    });
    expect(first).not.toHaveProperty('thinking');
    expect(first).not.toHaveProperty('context_management');
    expect(second).not.toHaveProperty('temperature');
    expect(second).toHaveProperty('thinking');
    expect(second?.model).not.toBe('claude-sonnet-5-5');
    expect(pool.stats.served).toMatchObject({ cold: 1, rewound: 1 });
  });

  it('outputSchema gives a parsed answer', async () => {
    api.reply('{"answer": 42}');
    const { summary } = await ask('Compute', { outputSchema: { type: 'object' } });
    expect(summary?.structuredOutput).toEqual({ answer: 42 });
  });

  it('maxTurns and maxBudgetUsd end a turn with an answer, not an error', async () => {
    api.when(() => [{ type: 'tool_use', name: 'Read', input: {} }]);
    expect((await ask('Go on', { maxTurns: 2, tools: ['Read'] })).summary?.stopReason).toBe('max_turns');
    expect((await ask('Go on', { maxBudgetUsd: 0.000001 })).summary?.stopReason).toBe('max_budget');
  });

  it('that are wrong are refused before anything starts', () => {
    expect(() => streamResponse(' \n', options())).toThrow(/Invalid prompt/);
    expect(() => streamResponse('Hello', options({ temperature: 2 }))).toThrow(/Invalid temperature: got 2/);
    expect(watch.pids).toEqual([]);
  });

  it('of a CLI without a login: NOT_SIGNED_IN, and no request', async () => {
    const { error } = await ask('Hello', { env: { ...api.env, ANTHROPIC_API_KEY: undefined } });
    expect(error).toMatchObject({ code: 'NOT_SIGNED_IN', retryable: false });
    expect(api.requests).toEqual([]);
  });

  it('of a CLI too old: CLI_TOO_OLD says what is needed', async () => {
    const { error } = await ask('Hello', { pathToClaudeCodeExecutable: fake('too-old') });
    expect(error).toMatchObject({ code: 'CLI_TOO_OLD', version: '2.1.197', required: '2.1.248' });
  });
});

it('every one of 3,000 messages that arrive in large pieces is delivered in order', async () => {
  const { text } = await ask('Hello', {
    pathToClaudeCodeExecutable: fake('floods'),
    env: { FAKE_LINES: '3000' },
  });
  expect(text).toBe(Array.from({ length: 3000 }, (_, number) => `${number} `).join(''));
});

it('a command line shows neither prompt nor system prompt', async () => {
  const stream = streamResponse('a secret question', options({ systemPrompt: 'a secret role' }));
  await readTo(stream, 'start');
  const shown = execFileSync('ps', ['-o', 'args=', '-p', String(watch.pids[0])], { encoding: 'utf8' });
  expect(shown).toContain('--print');
  expect(shown).not.toContain('secret');
  await stream.return({} as never);
});

function options(more: StreamOptions = {}): StreamOptions {
  return { env: api.env, ...more };
}

async function ask(prompt: string | ContentBlock[], more: StreamOptions = {}) {
  return await outcomeOf(streamResponse(prompt, options(more)));
}

async function* messages(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
