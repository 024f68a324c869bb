import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChunkEvent, RetryEvent, Summary } from '../lib/index.ts';
import {
  ClaudeCliError,
  CliExitedError,
  OverloadedError,
  RateLimitError,
  streamResponse,
} from '../lib/index.ts';
import { type RetryOptions, withRetry } from '../lib/retry.ts';
import { fake, outcomeOf } from './fixtures/outcome.ts';

const summary = { text: 'fine' } as Summary;
const failure = { status: 529, category: 'overloaded', message: 'busy', requestId: null, retryAfter: null };

describe('retry', () => {
  it('repeats a failure that is retryable, and tells each one', async () => {
    const told: RetryEvent[] = [];
    const { attempts, events, value } = await run([new OverloadedError(failure), exited(), summary], {
      onRetry: event => told.push(event),
    });
    expect([attempts, value]).toEqual([3, summary]);
    expect(events).toEqual(told);
    expect(told).toMatchObject([
      { type: 'retry', source: 'retry-option', attempt: 1, maxAttempts: 3, status: 529, error: 'OVERLOADED' },
      { attempt: 2, maxAttempts: 3, status: null, error: 'CLI_EXITED', supersededLength: 0 },
    ]);
  });

  it('gives up after as many attempts as asked for', async () => {
    const { attempts, error } = await run([exited(), exited(), exited()], { attempts: 2 });
    expect([attempts, error?.code]).toEqual([2, 'CLI_EXITED']);
  });

  it.each([
    ['a failure that is not retryable', new ClaudeCliError('PROTOCOL', 'nonsense')],
    ['a time limit', new ClaudeCliError('TIMEOUT', 'late', { retryable: true })],
    ["somebody else's error", new Error('from a callback')],
  ])('does not repeat %s', async (_name, failed) => {
    const { attempts, error } = await run([failed, summary]);
    expect([attempts, error]).toEqual([1, failed]);
  });

  it('does not repeat what delivered text already', async () => {
    const { attempts } = await run([exited('half an ans'), summary]);
    expect(attempts).toBe(1);
  });

  it('repeats what delivered text when asked to, and says how much of it is void', async () => {
    const { attempts, events } = await run([exited('half an ans'), summary], { afterText: true });
    expect(attempts).toBe(2);
    expect(events).toMatchObject([{ type: 'text' }, { type: 'retry', supersededLength: 11 }]);
  });

  it('waits longer each time, up to maxDelay', async () => {
    const failures = [exited(), exited(), exited(), exited(), summary];
    const { events } = await run(failures, { attempts: 5, minDelay: 2, maxDelay: 8, jitter: 0 });
    expect(events.map(event => event.type === 'retry' && event.delay)).toEqual([2, 4, 8, 8]);
  });

  it('waits at most its jitter less', async () => {
    const { events } = await run([exited(), summary], { minDelay: 10, jitter: 0.5 });
    const [retry] = events;
    expect(retry?.type === 'retry' && retry.delay >= 5 && retry.delay <= 10).toBe(true);
  });

  it('waits as long as the API asks for, but gives up when that is longer than maxDelay', async () => {
    const limited = new RateLimitError({ ...failure, status: 429, retryAfter: 0.02 });
    const { events } = await run([limited, summary], { minDelay: 0, maxDelay: 50 });
    expect(events).toMatchObject([{ type: 'retry', delay: 20 }]);
    const { attempts, error } = await run([limited, summary], { minDelay: 0, maxDelay: 10 });
    expect([attempts, error]).toEqual([1, limited]);
  });

  it('ends at once when the call is aborted while it waits', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const onRetry = () => setImmediate(() => controller.abort(reason));
    const { attempts, error } = await run(
      [exited(), summary],
      { minDelay: 60_000, onRetry },
      controller.signal,
    );
    expect([attempts, error]).toEqual([1, reason]);
  });
});

it('a CLI that crashes twice answers at the third attempt', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'retry-'));
  const stream = streamResponse('hello', {
    pathToClaudeCodeExecutable: fake('crashes-then-answers'),
    env: { FAKE_COUNTER: join(folder, 'counter'), FAKE_CRASHES: '2' },
    retry: { minDelay: 1 },
  });
  const { events, text } = await outcomeOf(stream);
  await rm(folder, { recursive: true });
  expect(events.map(({ type }) => type)).toEqual(['retry', 'retry', 'text', 'end']);
  expect(text).toBe('attempt 3');
});

function exited(text = ''): CliExitedError {
  return Object.assign(new CliExitedError({ exitCode: 1, signal: null, stderr: '' }, 'early'), { text });
}

/** Runs attempts that fail, or succeed, one after the other as given. */
async function run(
  outcomes: (Error | Summary)[],
  options: RetryOptions = {},
  signal = new AbortController().signal,
) {
  let attempts = 0;
  async function* attempt(): AsyncGenerator<ChunkEvent[], Summary> {
    const outcome = outcomes[attempts++];
    if (outcome instanceof ClaudeCliError && outcome.text) yield [{ type: 'text', text: outcome.text }];
    if (outcome instanceof Error) throw outcome;
    return outcome as Summary;
  }
  const events: ChunkEvent[] = [];
  const batches = withRetry(attempt, { minDelay: 1, ...options }, signal);
  try {
    for (;;) {
      const { value, done } = await batches.next();
      if (done) return { attempts, events, value };
      events.push(...value);
    }
  } catch (error) {
    return { attempts, events, error: error as ClaudeCliError };
  }
}
