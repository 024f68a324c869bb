import { getEventListeners } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLimiter, defaultLimiter, type StreamOptions, streamResponse } from '../lib/index.ts';
import { type OfflineApi, startOfflineApi } from '../lib/testing/index.ts';
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

describe('leaving early', () => {
  const long = { content: 'word '.repeat(500), delay: 20 };

  it('by break ends the process and the request', async () => {
    api.reply(long);
    for await (const event of streamResponse('Hello', options())) if (event.type === 'text') break;
    expect(watch.left()).toEqual([]);
    await expect(api.requests[0]?.closed).resolves.toBe('aborted');
  });

  it('by a throwing body ends the process', async () => {
    api.reply(long);
    const read = async () => {
      for await (const event of streamResponse('Hello', options())) {
        if (event.type === 'text') throw new Error('from the body');
      }
    };
    await expect(read()).rejects.toThrow('from the body');
    expect(watch.left()).toEqual([]);
  });

  it('by return() while a next() waits for a silent process ends both', async () => {
    const stream = streamResponse('Hello', { pathToClaudeCodeExecutable: fake('silent') });
    await readTo(stream, 'text');
    const pending = stream.next();
    await stream.return({} as never);
    expect((await pending).done).toBe(true);
    expect(watch.left()).toEqual([]);
  });

  it('by throw() ends the process and throws the error', async () => {
    const stream = streamResponse('Hello', { pathToClaudeCodeExecutable: fake('silent') });
    await readTo(stream, 'text');
    await expect(stream.throw(new Error('no more'))).rejects.toThrow('no more');
    expect(watch.left()).toEqual([]);
  });

  it('by await using ends the process', async () => {
    {
      await using stream = streamResponse('Hello', { pathToClaudeCodeExecutable: fake('silent') });
      await readTo(stream, 'text');
    }
    expect(watch.left()).toEqual([]);
    expect(watch.pids).toHaveLength(1);
  });

  it('before the first pull starts nothing', async () => {
    const stream = streamResponse('Hello', options());
    await stream.return({} as never);
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    expect(watch.pids).toEqual([]);
  });
});

describe('aborting', () => {
  it("throws the signal's own reason and leaves no listener", async () => {
    api.reply({ content: 'word '.repeat(500), delay: 20 });
    const controller = new AbortController();
    const stream = streamResponse('Hello', options({ signal: controller.signal }));
    await readTo(stream, 'text');
    const reason = { any: 'reason' };
    controller.abort(reason);
    expect((await outcomeOf(stream)).error).toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('before the first pull starts nothing', async () => {
    const { error } = await ask('Hello', { signal: AbortSignal.abort(new Error('too late')) });
    expect(error?.message).toBe('too late');
    expect(watch.pids).toEqual([]);
  });

  it('leaves no listener on a signal that many calls share', async () => {
    const { signal } = new AbortController();
    const calls = Array.from({ length: 12 }, () => outcomeOf(streamResponse('Hello', echo({ signal }))));
    await Promise.all(calls);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('timeout', () => {
  it('ends a call that goes on for ever, with the text so far', () =>
    withStarted('silent', async silent => {
      const { error } = await ask('Hello', { ...silent, timeout: 1_000 });
      expect(error).toMatchObject({ code: 'TIMEOUT', limit: 'timeout', after: 1_000, text: 'one moment' });
    }));

  it('tells the text so far also when it strikes while the reader is busy', () =>
    withStarted('silent', async silent => {
      const stream = streamResponse('Hello', { ...silent, timeout: 1_000 });
      await readTo(stream, 'text');
      await new Promise(resolve => setTimeout(resolve, 1_100));
      expect((await outcomeOf(stream)).error).toMatchObject({ code: 'TIMEOUT', text: 'one moment' });
    }));

  it('counts the wait for a slot, and then starts nothing', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    const lease = await limiter.acquire();
    const { error } = await ask('Hello', { limiter, timeout: 50 });
    expect(error).toMatchObject({ code: 'TIMEOUT', limit: 'timeout', text: '' });
    expect([watch.pids.length, limiter.size]).toEqual([0, 0]);
    lease.release();
  });

  it('does not count the wait for a slot when it begins with the slot', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    const lease = await limiter.acquire();
    const call = outcomeOf(streamResponse('Hello', echo({ limiter, timeout: 10_000, timeoutFrom: 'slot' })));
    await new Promise(resolve => setTimeout(resolve, 50));
    lease.release();
    expect((await call).error).toBeUndefined();
  });

  it('of silence is not struck by a slow reader', () =>
    withStarted('echoes', async echoes => {
      const stream = streamResponse('Hello', { ...echoes, idleTimeout: 1_000 });
      for await (const event of stream) {
        if (event.type === 'text') await new Promise(resolve => setTimeout(resolve, 1_200));
      }
    }));
});

function options(more: StreamOptions = {}): StreamOptions {
  return { env: api.env, ...more };
}

function echo(more: StreamOptions = {}): StreamOptions {
  return { pathToClaudeCodeExecutable: fake('echoes'), ...more };
}

async function ask(prompt: string, more: StreamOptions = {}) {
  return await outcomeOf(streamResponse(prompt, options(more)));
}
