import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLimiter, type StreamOptions, streamResponse } from '../lib/index.ts';
import { fake, outcomeOf, readTo } from './fixtures/outcome.ts';

const names = [
  'start',
  'slot',
  'worker',
  'first-event',
  'first-text',
  'retry',
  'usage',
  'end',
  'error',
  'left',
];
let told: [name: string, facts: Record<string, unknown>][];

const listeners = names.map(name => ({
  channel: `claude-cli-stream:${name}`,
  listen: (facts: unknown) => told.push([name, facts as Record<string, unknown>]),
}));

beforeEach(() => {
  told = [];
  for (const { channel, listen } of listeners) subscribe(channel, listen);
});

afterEach(() => {
  for (const { channel, listen } of listeners) unsubscribe(channel, listen);
  // Whatever became of them, all messages are of one call.
  expect(new Set(told.map(([, { callId }]) => callId)).size).toBe(1);
});

it('a call is told from its start to its end', async () => {
  const limiter = createLimiter();
  const { summary } = await outcomeOf(ask('echoes', { model: 'sonnet', limiter }));
  expect(toldNames()).toEqual(['start', 'slot', 'worker', 'first-event', 'first-text', 'usage', 'end']);
  expect(facts('start')).toMatchObject({ model: 'sonnet' });
  expect(facts('usage')).toMatchObject({ usage: summary?.usage, costUsd: summary?.costUsd });
  expect(facts('usage')?.limiter).toBe(limiter);
  expect(facts('slot')).toMatchObject({ waitMs: expect.any(Number), size: 0, pending: 1 });
  expect(facts('worker')).toMatchObject({
    origin: 'cold',
    pid: expect.any(Number),
    startMs: expect.any(Number),
  });
  expect(facts('first-text')?.ms).toBeGreaterThanOrEqual(Number(facts('first-event')?.ms));
  expect(facts('end')).toMatchObject({ summary, ms: expect.any(Number) });
});

it('a call that waits for its slot tells how long', async () => {
  const limiter = createLimiter({ concurrency: 1 });
  const lease = await limiter.acquire();
  const call = outcomeOf(ask('echoes', { limiter }));
  setTimeout(() => lease.release(), 50);
  await call;
  expect(facts('slot')?.waitMs).toBeGreaterThan(40);
});

it('a call that fails ends with its error', async () => {
  const { error } = await outcomeOf(ask('dies-mid-line'));
  expect(toldNames()).toEqual(['start', 'slot', 'worker', 'first-event', 'first-text', 'error']);
  expect(facts('error')?.error).toBe(error);
});

it('a call that nobody waits for to the end ends with left', async () => {
  const stream = ask('silent');
  await readTo(stream, 'text');
  await stream.return({} as never);
  expect(toldNames()).toEqual(['start', 'slot', 'worker', 'first-event', 'first-text', 'left']);
});

it('a call that is left while its process is silent ends with left too', async () => {
  const stream = ask('silent');
  await readTo(stream, 'text');
  const pending = stream.next();
  await stream.return({} as never);
  await pending;
  expect(toldNames().at(-1)).toBe('left');
});

it('a call whose reader leaves at its end event has ended', async () => {
  const stream = ask('echoes');
  const { type: _, ...summary } = await readTo(stream, 'end');
  await stream.return({} as never);
  expect(toldNames().slice(-2)).toEqual(['usage', 'end']);
  expect(facts('end')?.summary).toEqual(summary);
});

it('every turn of a conversation tells what it used, also one that fails', async () => {
  const options = { pathToClaudeCodeExecutable: fake('echo-cli') };
  await outcomeOf(streamResponse(conversation('one', 'two', 'fail'), options));
  expect(toldNames().slice(-5)).toEqual(['first-text', 'usage', 'usage', 'usage', 'error']);
  const costs = told.filter(([name]) => name === 'usage').map(([, { costUsd }]) => costUsd);
  expect(costs).toEqual([1, 2, 3].map(() => expect.closeTo(0.01)));
});

it('a repetition is told with its event, and each attempt has its slot and its worker', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'diagnostics-'));
  const env = { FAKE_COUNTER: join(folder, 'counter'), FAKE_CRASHES: '1' };
  const { events } = await outcomeOf(ask('crashes-then-answers', { env, retry: { minDelay: 1 } }));
  await rm(folder, { recursive: true });
  expect(toldNames()).toEqual([
    'start',
    'slot',
    'worker',
    'first-event',
    'retry',
    'slot',
    'worker',
    'first-text',
    'usage',
    'end',
  ]);
  expect(facts('retry')?.event).toEqual(events.find(event => event.type === 'retry'));
});

async function* conversation(...messages: string[]) {
  yield* messages;
}

function toldNames(): string[] {
  return told.map(([name]) => name);
}

function facts(name: string): Record<string, unknown> | undefined {
  return told.find(([toldName]) => toldName === name)?.[1];
}

function ask(name: string, more: StreamOptions = {}) {
  return streamResponse('hello', { pathToClaudeCodeExecutable: fake(name), ...more });
}
