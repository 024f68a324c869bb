import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultLimiter, type StreamOptions, streamResponse } from '../lib/index.ts';
import { failures, type OfflineApi, startOfflineApi } from '../lib/testing/index.ts';
import { fake, outcomeOf, readTo, withStarted } from './fixtures/outcome.ts';
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

describe('a conversation', () => {
  it('ends with the first turn that fails', async () => {
    api.reply('One', failures.invalidKey);
    const stream = streamResponse(messages('First', 'Second'), options({ cliRetries: 0 }));
    const { error, text } = await outcomeOf(stream);
    expect(text).toBe('One');
    expect(error).toMatchObject({ code: 'API_ERROR', status: 401, text: '' });
  });

  it('without a message is INVALID_OPTION', async () => {
    const { error } = await outcomeOf(streamResponse(messages(), options()));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option: 'prompt' });
  });

  it('with an empty message ends there', async () => {
    const { error } = await outcomeOf(streamResponse(messages('Hello', ''), echo()));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option: 'prompt', value: '' });
  });

  it('whose source throws throws that', async () => {
    async function* source() {
      yield 'Hello';
      throw new Error('the keyboard is gone');
    }
    const { error } = await outcomeOf(streamResponse(source(), echo()));
    expect(error?.message).toBe('the keyboard is gone');
  });

  it('reports usage per turn, not per process', async () => {
    const { events } = await outcomeOf(streamResponse(messages('Hello there', 'Hello there'), options()));
    const [first, second] = events.flatMap(event => (event.type === 'end' ? Object.values(event.usage) : []));
    expect(second?.outputTokens).toBe(first?.outputTokens);
  });

  it('that is resumed reports what it uses now, not what it has used before', async () => {
    api.reply(
      { content: 'One', usage: { input_tokens: 1000 } },
      { content: 'Two', usage: { input_tokens: 7 } },
    );
    const sessionId = randomUUID();
    await outcomeOf(streamResponse('Hello there', options({ sessionId, persistSession: true })));
    const { summary } = await outcomeOf(streamResponse('And again', options({ resume: sessionId })));
    expect(Object.values(summary?.usage ?? {})).toMatchObject([{ inputTokens: 7 }]);
  });

  it('whose source never comes back is left at once, and the source is closed', async () => {
    let closed = false;
    async function* source() {
      try {
        yield 'Hello';
        await new Promise(() => {});
      } finally {
        closed = true;
      }
    }
    const controller = new AbortController();
    const stream = streamResponse(source(), echo({ signal: controller.signal }));
    await readTo(stream, 'end');
    const next = stream.next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(closed).toBe(false);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it.each(['break', 'throw'])('that is left by %s closes its source', async how => {
    let closed = false;
    async function* source() {
      try {
        yield 'Hello';
        yield 'again';
      } finally {
        closed = true;
      }
    }
    const read = async () => {
      for await (const event of streamResponse(source(), echo())) {
        if (event.type !== 'text') continue;
        if (how === 'throw') throw new Error('from the body');
        break;
      }
    };
    await read().catch(() => {});
    expect(closed).toBe(true);
  });

  it('may take as long as it likes between two messages', () =>
    withStarted('echoes', async echoes => {
      async function* source() {
        yield 'Hello';
        await new Promise(resolve => setTimeout(resolve, 1_200));
        yield 'again';
      }
      const { text, error } = await outcomeOf(streamResponse(source(), { ...echoes, idleTimeout: 1_000 }));
      expect(error).toBeUndefined();
      expect(text).toBe('Helloagain');
    }));
});

function options(more: StreamOptions = {}): StreamOptions {
  return { env: api.env, ...more };
}

function echo(more: StreamOptions = {}): StreamOptions {
  return { pathToClaudeCodeExecutable: fake('echoes'), ...more };
}

async function* messages(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}
