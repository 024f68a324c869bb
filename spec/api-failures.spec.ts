import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultLimiter, type StreamOptions, streamResponse } from '../lib/index.ts';
import { failures, type OfflineApi, startOfflineApi } from '../lib/testing/index.ts';
import { outcomeOf } from './fixtures/outcome.ts';
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

describe('a failure of the API', () => {
  it.each([
    ['invalidRequest', { code: 'API_ERROR', status: 400, retryable: false }],
    ['invalidKey', { code: 'API_ERROR', status: 401, category: 'authentication_failed', retryable: false }],
    ['rateLimited', { code: 'RATE_LIMITED', status: 429, retryable: true }],
    ['serverError', { code: 'API_ERROR', status: 500, retryable: true }],
    ['overloaded', { code: 'OVERLOADED', status: 529, retryable: true }],
    ['resetMidStream', { code: 'API_ERROR', status: null, retryable: true }],
    ['resetBeforeHeaders', { code: 'API_ERROR', status: null, retryable: true }],
  ] as const)('%s is a typed error', async (name, expected) => {
    api.when(() => failures[name]);
    const { error } = await ask('Hello', { cliRetries: 0 });
    expect(error).toMatchObject(expected);
    expect(error?.message).not.toBe('');
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

  it('that stalls ends at the idle timeout, with the text so far', async () => {
    api.reply(failures.stallMidStream);
    const { error } = await ask('Hello', { idleTimeout: 5_000 });
    expect(error).toMatchObject({ code: 'TIMEOUT', limit: 'idleTimeout', text: 'This ' });
    await expect(api.requests[0]?.closed).resolves.toBe('aborted');
  });
});

function options(more: StreamOptions = {}): StreamOptions {
  return { env: api.env, ...more };
}

async function ask(prompt: string, more: StreamOptions = {}) {
  return await outcomeOf(streamResponse(prompt, options(more)));
}
