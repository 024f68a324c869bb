import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPool, defaultLimiter, type StreamOptions, streamResponse } from '../lib/index.ts';
import { failures, type OfflineApi, startOfflineApi } from '../lib/testing/index.ts';
import { outcomeOf } from './fixtures/outcome.ts';
import { type Watch, watchProcesses } from './fixtures/processes.ts';

let api: OfflineApi;

beforeAll(async () => {
  api = await startOfflineApi();
});

afterAll(() => api.close());

beforeEach(() => api.reset());

const typed = [
  ['invalidRequest', { code: 'API_ERROR', status: 400, retryable: false }],
  ['invalidKey', { code: 'API_ERROR', status: 401, category: 'authentication_failed', retryable: false }],
  ['rateLimited', { code: 'RATE_LIMITED', status: 429, retryable: true }],
  ['serverError', { code: 'API_ERROR', status: 500, retryable: true }],
  ['overloaded', { code: 'OVERLOADED', status: 529, retryable: true }],
  ['resetBeforeHeaders', { code: 'API_ERROR', status: null, retryable: true }],
  ['resetMidStream', { code: 'API_ERROR', status: null, retryable: true }],
] as const;

describe('a failure of the API, on a worker of a pool', () => {
  const pool = createPool({ warm: 0, max: 1 });
  afterAll(() => pool.close());

  it.each(typed)('%s is a typed error', async (name, expected) => {
    api.when(() => failures[name]);
    const { error } = await ask('Hello', { cliRetries: 0, pool });
    expect(error).toMatchObject(expected);
    expect(error?.message).not.toBe('');
  });

  it('that stalls ends at the idle timeout, with the text so far', async () => {
    api.reply('Ready', failures.stallMidStream);
    await ask('Hello', { pool });
    const { error } = await ask('Hello', { idleTimeout: 1_500, pool });
    expect(error).toMatchObject({ code: 'TIMEOUT', limit: 'idleTimeout', text: 'This ' });
    await expect(api.requests[1]?.closed).resolves.toBe('aborted');
  });
});

describe('a failure of the API', () => {
  let watch: Watch;

  beforeEach(() => {
    watch = watchProcesses();
  });

  afterEach(() => {
    watch.stop();
    expect(watch.left()).toEqual([]);
    expect(defaultLimiter.pending).toBe(0);
  });

  it('is a typed error', async () => {
    api.when(() => failures.overloaded);
    const { error } = await ask('Hello', { cliRetries: 0 });
    expect(error).toMatchObject({ code: 'OVERLOADED', status: 529, retryable: true });
  });

  it('that the CLI repeats shows as a retry event', async () => {
    api.reply(failures.overloaded, 'Here you are');
    const { events, text } = await ask('Hello');
    expect(events).toContainEqual(expect.objectContaining({ type: 'retry', source: 'cli', status: 529 }));
    expect(text).toBe('Here you are');
  });

  it('in the middle of an answer: API_ERROR with the text so far', async () => {
    api.when(() => failures.endMidStream);
    const { error } = await ask('Hello', { cliRetries: 0 });
    expect(error).toMatchObject({ code: 'API_ERROR', status: null, retryable: true, text: 'This ' });
  });

  it('in the middle of an answer, repeated by the CLI: the retry event says what is void', async () => {
    api.reply(failures.endMidStream, 'Whole answer');
    const { events, summary } = await ask('Hello');
    expect(events).toContainEqual(expect.objectContaining({ type: 'retry', supersededLength: 5 }));
    expect(summary?.text).toBe('Whole answer');
  });
});

function options(more: StreamOptions = {}): StreamOptions {
  return { env: api.env, ...more };
}

async function ask(prompt: string, more: StreamOptions = {}) {
  return await outcomeOf(streamResponse(prompt, options(more)));
}
