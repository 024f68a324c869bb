import { copyFile, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createLimiter,
  createPool,
  getResponse,
  InvalidOptionError,
  type Pool,
  type PoolOptions,
  type StreamOptions,
  streamResponse,
} from '../../lib/index.ts';
import { fake, until } from '../fixtures/outcome.ts';
import { type Watch, watchProcesses } from '../fixtures/processes.ts';

const limiter = createLimiter({ concurrency: 8 });
let pool: Pool;
let watch: Watch;

beforeEach(() => {
  watch = watchProcesses();
});

afterEach(async () => {
  await pool.close();
  await limiter.onIdle();
  watch.stop();
  expect(watch.left()).toEqual([]);
});

describe('a pool', () => {
  it('answers one call after another with the same process', async () => {
    open({ warm: 0 });
    const pids = [await ask('a'), await ask('b'), await ask('c')];
    expect(new Set(pids).size).toBe(1);
    expect(pool.stats.served).toEqual({ cold: 1, warm: 0, rewound: 2, continued: 0 });
  });

  it('has a fresh worker ready after the first call of a kind', async () => {
    open({ warm: 1 });
    const first = await ask('a');
    await until(() => pool.stats.idle === 2, 'a refill');
    const [second, third] = await Promise.all([ask('b'), ask('c')]);
    expect([second, third]).toContain(first);
    expect(pool.stats.served).toMatchObject({ cold: 1, warm: 1, rewound: 1 });
  });

  it('runs no more than max processes; further calls wait', async () => {
    open({ max: 2, warm: 0 });
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(prompt => ask(prompt)));
    expect(new Set(answers).size).toBe(2);
    expect(pool.stats.waiting).toBe(0);
    await until(() => pool.stats.idle === 2, 'both idle');
  });

  it('makes room at the maximum by ending the worker that was idle longest', async () => {
    open({ max: 1, warm: 0 });
    await ask('a');
    await ask('b', { env: { ANTHROPIC_API_KEY: 'another kind' } });
    expect(pool.stats.ended).toEqual({ evicted: 1 });
  });

  it('never shares a worker between environments, working directories or tenants', async () => {
    open({ warm: 0 });
    const other = createPool({ warm: 0, tenant: 'other' });
    const pids = [
      await ask('a'),
      await ask('a', { env: { ANTHROPIC_API_KEY: 'somebody else' } }),
      await ask('a', { cwd: tmpdir() }),
      await ask('a', { pool: other }),
    ];
    await other.close();
    expect(new Set(pids).size).toBe(4);
  });

  it('never shares a worker between system prompts', async () => {
    open({ warm: 0 });
    const pids = [
      await ask('a', { systemPrompt: 'A' }),
      await ask('b', { systemPrompt: 'B' }),
      await ask('c', { systemPrompt: 'A' }),
    ];
    expect(pids[0]).toBe(pids[2]);
    expect(pids[0]).not.toBe(pids[1]);
  });

  it('gives a call that leaves traces a process of its own', async () => {
    open({ warm: 0 });
    await ask('a', { tools: ['Read'] });
    await ask('a', { maxBudgetUsd: 1 });
    expect(pool.stats.served.cold).toBe(0);
  });

  it('ends a worker whose reset is not proven', async () => {
    open({ warm: 0 });
    const first = await ask('cannot be rewound');
    expect(await ask('b')).not.toBe(first);
    expect(pool.stats.ended).toEqual({ unsure: 1 });
  });

  it('ends a worker whose caller left in the middle', async () => {
    open({ warm: 0 });
    for await (const event of streamResponse('a', options())) {
      if (event.type === 'text') break;
    }
    await until(() => pool.stats.ended.unsure === 1, 'the end of the worker');
  });

  it('ends a worker that speaks while nobody asked', async () => {
    open({ warm: 0 });
    let spoken = false;
    const onStderr = () => {
      spoken = true;
    };
    const first = await ask('speak again', { onStderr });
    await until(() => spoken, 'the second result');
    expect(await ask('b', { onStderr })).not.toBe(first);
    expect(pool.stats.ended).toEqual({ unsure: 1 });
  });

  it('replaces a worker that was killed while idle, and no caller notices', async () => {
    open({ warm: 0 });
    const first = await ask('a');
    await until(() => pool.stats.idle === 1, 'idle');
    process.kill(first, 'SIGKILL');
    expect(await ask('b')).not.toBe(first);
    await until(() => pool.stats.ended.died === 1, 'its end is counted');
  });

  it('tells the caller when a worker dies in the middle of his turn', async () => {
    open({ warm: 0 });
    await ask('a');
    await expect(ask('die')).rejects.toMatchObject({ code: 'CLI_EXITED', exitCode: 3 });
  });

  it('replaces a worker after maxTurns', async () => {
    open({ warm: 0, maxTurns: 2 });
    const pids = [await ask('a'), await ask('b'), await ask('c')];
    expect(pids[0]).toBe(pids[1]);
    expect(pids[2]).not.toBe(pids[1]);
    expect(pool.stats.ended).toEqual({ 'max-turns': 1 });
  });

  it.runIf(process.platform === 'linux')('replaces a worker over maxRss', async () => {
    open({ warm: 0, maxRss: 1 });
    await ask('a');
    await until(() => pool.stats.ended['max-rss'] === 1, 'the end of the worker');
  });

  it('ends a worker that was idle for idleTtl', async () => {
    open({ warm: 0, idleTtl: 1 });
    await ask('a');
    await until(() => pool.stats.ended.idle === 1, 'the end of the worker');
  });

  it('replaces idle workers when the executable was updated', async () => {
    open({ warm: 0 });
    const folder = await mkdtemp(join(tmpdir(), 'pool-'));
    const executable = join(folder, 'claude.mjs');
    await copyFile(fake('rewinds'), executable);
    await copyFile(join(dirname(fake('rewinds')), 'fake-cli.mjs'), join(folder, 'fake-cli.mjs'));
    const first = await ask('a', { pathToClaudeCodeExecutable: executable });
    await until(() => pool.stats.idle === 1, 'idle');
    await utimes(executable, 1, 1);
    expect(await ask('b', { pathToClaudeCodeExecutable: executable })).not.toBe(first);
    expect(pool.stats.ended).toEqual({ replaced: 1 });
    await rm(folder, { recursive: true });
  });

  it('lets a running call finish before it closes, and takes no further one', async () => {
    open({ warm: 0 });
    const running = ask('a');
    await until(() => pool.stats.busy === 1, 'the call runs');
    await Promise.all([pool.close(), running]);
    await expect(ask('b')).rejects.toThrow('closed');
  });

  it('leaves the waiting line when its caller aborts, and starts nothing for him', async () => {
    open({ max: 1, warm: 0 });
    const caller = new AbortController();
    const hanging = ask('hang', { signal: caller.signal });
    await until(() => pool.stats.busy === 1, 'the worker is busy');
    const waiting = new AbortController();
    const second = ask('b', { signal: waiting.signal });
    await until(() => pool.stats.waiting === 1, 'the second call waits');
    waiting.abort(new Error('no longer'));
    await expect(second).rejects.toThrow('no longer');
    caller.abort(new Error('neither'));
    await expect(hanging).rejects.toThrow('neither');
    expect(pool.stats.served.cold).toBe(1);
  });

  it.each<[PoolOptions, string]>([
    [{ warm: -1 }, 'warm'],
    [{ max: 0 }, 'max'],
    [{ warm: 3, max: 2 }, 'warm'],
    [{ idleTtl: 0.5 }, 'idleTtl'],
    [{ size: 4 } as PoolOptions, 'size'],
  ])('refuses %o', (wrong, option) => {
    open({});
    expect(() => createPool(wrong)).toThrow(InvalidOptionError);
    expect(() => createPool(wrong)).toThrow(option);
  });
});

function open(settings: PoolOptions): void {
  pool = createPool(settings);
}

function options(more: StreamOptions = {}): StreamOptions {
  return { pathToClaudeCodeExecutable: fake('rewinds'), limiter, pool, ...more };
}

/** Asks the fake, which answers with its process id. */
async function ask(prompt: string, more: StreamOptions = {}): Promise<number> {
  return Number((await getResponse(prompt, options(more))).text);
}
