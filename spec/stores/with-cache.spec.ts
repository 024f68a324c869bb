import { mkdtempSync } from 'node:fs';
import { readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ChunkEvent } from '../../lib/chunks.ts';
import type { Prompt } from '../../lib/options.ts';
import { createFileStore, type StreamFunction, withCache } from '../../lib/stores/index.ts';
import { streamResponse } from '../../lib/stream-response.ts';
import { startOfflineApi } from '../../lib/testing/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'cache-spec-'));
afterAll(() => rm(directory, { recursive: true }));

const echo = { pathToClaudeCodeExecutable: new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname };
const slowEcho = { ...echo, env: { ANTHROPIC_ECHO_DELAY: '200' } };

/** `streamResponse()` that says how often it was called. */
function counted(): { stream: StreamFunction; prompts: Prompt[] } {
  const prompts: Prompt[] = [];
  const stream: StreamFunction = (prompt, options) => {
    prompts.push(prompt);
    return streamResponse(prompt, options);
  };
  return { stream, prompts };
}

async function collect(stream: AsyncIterable<ChunkEvent>): Promise<ChunkEvent[]> {
  const events: ChunkEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const withoutMark = (events: ChunkEvent[]) =>
  JSON.stringify(events.map(event => ({ ...event, cached: undefined })));

describe('withCache()', () => {
  it('replays the same events of the real CLI, byte for byte, and starts no process', async () => {
    await using api = await startOfflineApi();
    const options = { model: 'claude-sonnet-4-5', env: api.env };
    const store = createFileStore({ directory: join(directory, 'real') });
    const first = await collect(withCache(streamResponse, { store })('Tell me of a river', options));
    const again = await collect(
      withCache(streamResponse, { store: createFileStore({ directory: store.directory }) })(
        'Tell me of a river',
        options,
      ),
    );
    expect(withoutMark(again)).toBe(withoutMark(first));
    expect(again[0]).toMatchObject({ type: 'start', cached: true });
    expect(again.at(-1)).toMatchObject({ type: 'end', cached: true });
    expect(first[0]).not.toHaveProperty('cached');
    expect(api.requests).toHaveLength(1);
  });

  it('returns the marked summary', async () => {
    const stream = withCache(streamResponse, { store: new Map() });
    for await (const event of stream('a b', echo)) if (event.type === 'end') break;
    const replayed = stream('a b', echo);
    let step = await replayed.next();
    while (!step.done) step = await replayed.next();
    expect(step.value).toMatchObject({ text: 'a b', costUsd: 0.01, cached: true });
  });

  it('asks anew for another prompt, model or tenant, but not for another timeout', async () => {
    const { stream, prompts } = counted();
    const store = new Map();
    const ask = async (prompt: string, options = {}, tenant = 'one') =>
      collect(withCache(stream, { store, tenant })(prompt, { ...echo, ...options }));
    await ask('river');
    await ask('river', { timeout: 5_000, maxBudgetUsd: 1 });
    expect(prompts).toHaveLength(1);
    await ask('sea');
    await ask('river', { model: 'opus' });
    await ask('river', {}, 'two');
    expect(prompts).toHaveLength(4);
  });

  it('reads nothing with `refresh`, and neither reads nor stores with `bypass`', async () => {
    const { stream, prompts } = counted();
    const cached = withCache(stream, { store: new Map() });
    await collect(cached('river', { ...echo, cache: 'bypass' }));
    await collect(cached('river', { ...echo, cache: 'refresh' }));
    await collect(cached('river', { ...echo, cache: 'refresh' }));
    await collect(cached('river', echo));
    expect(prompts).toHaveLength(3);
  });

  it('stores nothing of a failed, left or too long answer', async () => {
    const { stream, prompts } = counted();
    const cached = withCache(stream, { store: new Map(), maxAnswerLength: 1000 });
    const long = 'word '.repeat(300);
    for (let round = 0; round < 2; round++) {
      await expect(collect(cached('fail', echo))).rejects.toMatchObject({ code: 'API_ERROR' });
      await collect(cached(long, echo));
      for await (const event of cached('a b c', echo)) if (event.type === 'text') break;
    }
    expect(prompts).toHaveLength(6);
  });

  it('stores no refusal', async () => {
    await using api = await startOfflineApi();
    const cached = withCache(streamResponse, { store: new Map() });
    for (let round = 0; round < 2; round++) {
      api.reply({ content: 'I would rather not.', stopReason: 'refusal' });
      const events = await collect(cached('hello', { env: api.env, model: 'claude-opus-5-5' }));
      expect(events.at(-1)).toMatchObject({ stopReason: 'refusal' });
    }
    expect(api.requests).toHaveLength(2);
  });

  it('takes a damaged file for a miss, and an entry of another form too', async () => {
    const { stream, prompts } = counted();
    const folder = join(directory, 'damaged');
    const cached = withCache(stream, { store: createFileStore({ directory: folder }) });
    const read = async () => (await collect(cached('river', echo))).at(-1);
    await read();
    const [name = ''] = await readdir(folder);
    await truncate(join(folder, name), 100);
    expect(await read()).not.toHaveProperty('cached');
    expect(await read()).toMatchObject({ cached: true, text: 'river' });
    const map = new Map<string, unknown>();
    map.get = () => '{"value":"[{\\"type\\":\\"start\\"}]"}';
    expect((await collect(withCache(stream, { store: map })('river', echo))).at(-1)).not.toHaveProperty(
      'cached',
    );
    expect(prompts).toHaveLength(3);
  });

  it('waits a second for a store that never answers, and no longer for it then', async () => {
    const { stream, prompts } = counted();
    const asked: string[] = [];
    const never = (name: string) => () => {
      asked.push(name);
      return new Promise<undefined>(() => {});
    };
    const store = {
      opts: {},
      on: () => store,
      get: never('get'),
      set: never('set'),
      delete: never('delete'),
      clear: never('clear'),
    };
    const cached = withCache(stream, { store });
    for (let round = 0; round < 3; round++) await collect(cached('river', echo));
    expect(prompts).toHaveLength(3);
    expect(asked).toEqual(['get']);
  });

  it('keeps an answer for ever with an endless ttl', async () => {
    const { stream, prompts } = counted();
    const store = createFileStore({ directory: join(directory, 'endless') });
    const cached = withCache(stream, { store, ttl: Number.POSITIVE_INFINITY });
    for (let round = 0; round < 2; round++) await collect(cached('river', echo));
    expect(prompts).toHaveLength(1);
  });

  it('lets conversations, tools and stored sessions past', async () => {
    const { stream, prompts } = counted();
    const cached = withCache(stream, { store: new Map() });
    async function* conversation() {
      yield 'one';
    }
    for (let round = 0; round < 2; round++) {
      await collect(cached(conversation(), echo));
      await collect(cached('river', { ...echo, tools: ['Read'] }));
      await collect(cached('river', { ...echo, persistSession: true }));
    }
    expect(prompts).toHaveLength(6);
  });

  it('forgets after the ttl', async () => {
    const { stream, prompts } = counted();
    const cached = withCache(stream, { store: new Map(), ttl: 1 });
    await collect(cached('river', echo));
    await new Promise(resolve => setTimeout(resolve, 5));
    await collect(cached('river', echo));
    expect(prompts).toHaveLength(2);
  });

  it('answers when the store fails or holds nonsense', async () => {
    const { stream, prompts } = counted();
    const broken = {
      opts: {},
      on: () => broken,
      get: () => Promise.reject(new Error('down')),
      set: () => Promise.reject(new Error('down')),
      delete: () => Promise.reject(new Error('down')),
      clear: () => Promise.reject(new Error('down')),
    };
    const nonsense = new Map<string, unknown>();
    nonsense.get = () => '{"value":"[}","expires":null}';
    for (const store of [broken, nonsense]) {
      const events = await collect(withCache(stream, { store })('river', echo));
      expect(events.at(-1)).toMatchObject({ type: 'end', text: 'river' });
    }
    expect(prompts).toHaveLength(2);
  });

  it('leaves no process when it is left before the first text', async () => {
    const stream = withCache(streamResponse, { store: new Map() })('river', {
      ...slowEcho,
      idleTimeout: 60_000,
    });
    const first = await stream.next();
    expect(first.value).toMatchObject({ type: 'start' });
    const pending = stream.next();
    await stream.return(undefined as never);
    await expect(pending).resolves.toMatchObject({ done: true });
  });
});

describe('withCache({ singleFlight: true })', () => {
  it('runs identical calls of the same time once', async () => {
    const { stream, prompts } = counted();
    const cached = withCache(stream, { store: new Map(), singleFlight: true });
    const calls = await Promise.all(
      ['a b', 'a b', 'a b', 'c'].map(prompt => collect(cached(prompt, slowEcho))),
    );
    expect(prompts).toEqual(['a b', 'c']);
    expect(withoutMark(calls[1] ?? [])).toBe(withoutMark(calls[0] ?? []));
    expect(calls.map(events => 'cached' in (events.at(-1) ?? {}))).toEqual([false, true, true, false]);
  });

  it('goes on for the others when the first one leaves, and fails for all', async () => {
    const { stream, prompts } = counted();
    const cached = withCache(stream, { store: new Map(), singleFlight: true });
    const controller = new AbortController();
    const first = collect(cached('a b', { ...slowEcho, signal: controller.signal }));
    const second = collect(cached('a b', slowEcho));
    const failing = [collect(cached('fail', slowEcho)), collect(cached('fail', slowEcho))];
    const failed = Promise.all(
      failing.map(call => expect(call).rejects.toMatchObject({ code: 'API_ERROR' })),
    );
    await until(() => prompts.length === 2);
    controller.abort(new Error('no longer wanted'));
    await expect(first).rejects.toThrow('no longer wanted');
    expect((await second).at(-1)).toMatchObject({ text: 'a b' });
    await failed;
    expect(prompts).toHaveLength(2);
  });
});

describe('each caller of a shared run', () => {
  it('obeys his own time limit and not that of the first', async () => {
    const { stream, prompts } = counted();
    const cached = withCache(stream, { store: new Map(), singleFlight: true });
    const never = { ...echo, env: { ANTHROPIC_ECHO_DELAY: '60000' } };
    const last = new AbortController();
    const first = collect(cached('a b', { ...never, timeout: 500 }));
    const second = collect(cached('a b', { ...never, timeout: 1 }));
    const third = collect(cached('a b', { ...never, signal: last.signal }));
    await expect(second).rejects.toMatchObject({ code: 'TIMEOUT', after: 1 });
    await expect(first).rejects.toMatchObject({ code: 'TIMEOUT', after: 500 });
    last.abort(new Error('the third one is still there'));
    await expect(third).rejects.toThrow('the third one is still there');
    expect(prompts).toHaveLength(1);
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !condition() && Date.now() < end; )
    await new Promise(resolve => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}
