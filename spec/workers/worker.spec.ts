import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveOptions, type StreamOptions } from '../../lib/options.ts';
import { toLaunch } from '../../lib/workers/launch.ts';
import { Worker } from '../../lib/workers/worker.ts';
import { fake } from '../fixtures/outcome.ts';
import { isAlive } from '../fixtures/processes.ts';

const workers: Worker[] = [];

async function start(name: string, more: StreamOptions = {}): Promise<Worker> {
  const options = resolveOptions({ pathToClaudeCodeExecutable: fake(name), ...more });
  const worker = await Worker.start(toLaunch(options));
  workers.push(worker);
  return worker;
}

beforeEach(() => {
  workers.length = 0;
});

afterEach(async () => {
  for (const worker of workers) await worker.end('kill');
  expect(workers.filter(({ pid }) => isAlive(pid))).toEqual([]);
});

describe('a control request', () => {
  it('resolves with the answer; what came before it is read afterwards, in order', async () => {
    const worker = await start('asks-its-host');
    worker.write({ type: 'user', message: { content: 'hello' } });
    expect(await worker.request({ subtype: 'get_settings' })).toEqual({ asked: 'get_settings' });
    expect((await worker.next())?.type).toBe('system');
    expect((await worker.next())?.type).toBe('result');
  });

  it('that is refused rejects', async () => {
    const worker = await start('asks-its-host');
    await expect(worker.request({ subtype: 'refuse_me' })).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: expect.stringContaining('control request refuse_me was refused'),
      line: 'not today',
    });
  });

  it('that is posted and refused rejects whoever reads next', async () => {
    const worker = await start('asks-its-host');
    worker.post({ subtype: 'refuse_me' });
    await expect(worker.next()).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  it('to a CLI that dies rejects with its exit', async () => {
    const worker = await start('dies-at-once');
    await expect(worker.request({ subtype: 'get_settings' })).rejects.toMatchObject({
      code: 'CLI_EXITED',
      exitCode: 3,
      message: expect.stringContaining('before it answered a control request'),
    });
  });
});

describe('what the CLI asks its host', () => {
  it('is refused, so that it does not wait', async () => {
    const worker = await start('asks-its-host');
    worker.write({ type: 'user', message: { content: 'ask' } });
    const told = await worker.next();
    expect(told).toMatchObject({ type: 'system', subtype: 'host_said', content: 'error' });
  });

  it('is answered by answerControl', async () => {
    const worker = await start('asks-its-host');
    worker.answerControl = async () => ({ yes: true });
    worker.write({ type: 'user', message: { content: 'ask' } });
    expect(await worker.next()).toMatchObject({ content: 'success' });
  });
});

describe('the end of a worker', () => {
  it('takes its directory with it, and happens once', async () => {
    const worker = await start('asks-its-host');
    const directory = String((await worker.request({ subtype: 'get_directory' })).directory);
    expect(existsSync(directory)).toBe(true);
    const [first, second] = await Promise.all([worker.end('stop'), worker.end('kill')]);
    expect(first).toBe(second);
    expect(first).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    expect(existsSync(directory)).toBe(false);
  });

  it('by finish lets the CLI end by itself', async () => {
    const worker = await start('asks-its-host');
    await worker.request({ subtype: 'get_settings' });
    expect(await worker.end('finish')).toEqual({ exitCode: 0, signal: null });
  });

  it('by kill does not ask', async () => {
    const worker = await start('ignores-sigterm');
    expect(await worker.end('kill')).toEqual({ exitCode: null, signal: 'SIGKILL' });
  });

  it('leaves nothing to read', async () => {
    const worker = await start('silent');
    await worker.end('kill');
    expect(await worker.next()).toBeUndefined();
  });
});

it('fail() makes the pending and every later read throw its reason', async () => {
  const worker = await start('never-reads');
  const pending = worker.next();
  const reason = new Error('enough');
  worker.fail(reason);
  await expect(pending).rejects.toBe(reason);
  await expect(worker.next()).rejects.toBe(reason);
  expect(() => worker.poll()).toThrow(reason);
});
