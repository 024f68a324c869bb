import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultLimiter, type StreamOptions, streamResponse } from '../lib/index.ts';
import { fake, type Outcome, outcomeOf, readTo, until, withStarted } from './fixtures/outcome.ts';
import { type Watch, watchProcesses, withCommand } from './fixtures/processes.ts';

const caller = new AbortController();
let watch: Watch;
let folder: string;

beforeEach(async () => {
  watch = watchProcesses();
  folder = await mkdtemp(join(tmpdir(), 'faults-'));
});

afterEach(async () => {
  watch.stop();
  await rm(folder, { recursive: true, force: true });
  expect(watch.left()).toEqual([]);
  expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  expect([defaultLimiter.pending, defaultLimiter.size]).toEqual([0, 0]);
});

describe('a CLI that ends too early', () => {
  it('dies before its first line: CLI_EXITED with code and stderr', async () => {
    const { error } = await run('dies-at-once');
    expect(error).toMatchObject({ code: 'CLI_EXITED', exitCode: 3, signal: null, retryable: true, text: '' });
    expect(error).toMatchObject({ stderr: 'warming up\ncannot find the flux capacitor\n' });
    expect(error?.message).toContain('cannot find the flux capacitor');
  });

  it('dies in the middle of a line: CLI_EXITED with the text so far', async () => {
    const { error, text } = await run('dies-mid-line');
    expect(text).toBe('half an ans');
    expect(error).toMatchObject({ code: 'CLI_EXITED', exitCode: 1, text: 'half an ans' });
  });

  it('exits with 0 but without a result: CLI_EXITED', async () => {
    const { error } = await run('exits-without-result');
    expect(error).toMatchObject({ code: 'CLI_EXITED', exitCode: 0, text: 'and then' });
  });

  it('exits with 1 after a complete answer: the answer counts', async () => {
    const { error, summary } = await run('exits-1-after-answer');
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ text: 'all of it', stopReason: 'end_turn' });
  });

  it('is killed from outside: CLI_EXITED with the signal', async () => {
    const stream = streamResponse('hello', options('ignores-sigterm'));
    await readTo(stream, 'text');
    process.kill(Number(watch.pids[0]), 'SIGKILL');
    const { error } = await outcomeOf(stream);
    expect(error).toMatchObject({ code: 'CLI_EXITED', signal: 'SIGKILL' });
    expect(error?.text).toMatch(/^on and on /);
  });

  it.each(['', 'yes'])(
    'leaves a child behind that holds its output (detached: "%s"): CLI_EXITED',
    async detached => {
      const marker = `9${process.pid}77`;
      const env = { FAKE_DETACHED: detached, FAKE_SLEEP: marker };
      const { error } = await run('leaves-a-child', { env });
      expect(error).toMatchObject({ code: 'CLI_EXITED', exitCode: 0, text: 'half' });
      await until(() => withCommand(marker).length === 0, 'the child is gone');
    },
  );
});

describe('a CLI that prints nonsense', () => {
  it.each([
    ['null', 'a line is not a JSON object'],
    ['42', 'a line is not a JSON object'],
    ['[1, 2]', 'a line is not a JSON object'],
    ['Warning: the moon is full', 'a line is not JSON'],
    ['{"type":"stream_ev', 'a line is not JSON'],
    ['{"kind":"text"}', 'a message has no type'],
  ])('prints %s: PROTOCOL with the line', async (line, problem) => {
    const { error } = await run('prints-line', { env: { FAKE_LINE: line } });
    expect(error).toMatchObject({ code: 'PROTOCOL', line, retryable: false });
    expect(error?.message).toContain(problem);
  });

  it('prints blank lines: they are no messages', async () => {
    const { error, summary } = await run('prints-line', { env: { FAKE_LINE: ' \r\n\n' } });
    expect(error).toBeUndefined();
    expect(summary?.stopReason).toBe('end_turn');
  });

  it('prints a line of 20 MB: delivered whole', async () => {
    const { text, summary } = await run('prints-long-line');
    expect(text).toHaveLength(20_000_000);
    expect(summary?.text).toHaveLength(20_000_000);
  });

  it('prints a line over the limit: PROTOCOL', async () => {
    const { error } = await run('prints-long-line', { maxLineLength: 1_000_000 });
    expect(error).toMatchObject({ code: 'PROTOCOL' });
    expect(error?.message).toContain('a line is longer than 1000000 bytes (raise maxLineLength)');
  });

  it('splits characters over chunks, ends lines with CRLF, has U+2028 in a line: delivered unchanged', async () => {
    const { text } = await run('splits-characters');
    expect(text).toBe('naïve 日本語 👩‍👩‍👧\u2028end');
  });
});

describe('a CLI that does not move', () => {
  it('never reads its input: a prompt of 10 MB ends at the idle timeout', async () => {
    const { error } = await run('never-reads', { idleTimeout: 300 }, 'x'.repeat(10_000_000));
    expect(error).toMatchObject({ code: 'TIMEOUT', limit: 'idleTimeout', after: 300 });
  });

  it('falls silent: TIMEOUT with the text so far', () =>
    withStarted('silent', async silent => {
      const { error } = await outcomeOf(streamResponse('hello', { ...silent, idleTimeout: 1_000 }));
      expect(error).toMatchObject({ code: 'TIMEOUT', limit: 'idleTimeout', text: 'one moment' });
    }));

  it('closes its output and lives on: CLI_EXITED, and it is ended', async () => {
    const { error } = await run('closes-stdout');
    expect(error).toMatchObject({ code: 'CLI_EXITED', text: 'good' });
  });

  it('lives on after its result: the answer counts, and it is ended', async () => {
    const { error, summary } = await run('lives-on');
    expect(error).toBeUndefined();
    expect(summary?.text).toBe('done');
  });

  it('ignores SIGTERM and writes on into a closed pipe: it is killed', async () => {
    const stream = streamResponse('hello', options('ignores-sigterm'));
    await readTo(stream, 'text');
    await stream.return({} as never);
  });

  it('floods stderr with 100 MB: the answer comes, and only the end of stderr is kept', async () => {
    let heard = 0;
    const { summary } = await run('floods-stderr', {
      onStderr: text => {
        heard += text.length;
      },
    });
    expect(summary?.text).toBe('still here');
    expect(heard).toBeGreaterThan(100_000_000);
  });
});

describe('a file that is no CLI', () => {
  const path = () => join(folder, 'claude');
  const call = () => outcomeOf(streamResponse('hello', { pathToClaudeCodeExecutable: path() }));

  it('is missing: CLI_NOT_FOUND', async () => {
    expect((await call()).error).toMatchObject({ code: 'CLI_NOT_FOUND', searched: [path()] });
  });

  it('is not executable: CLI_NOT_EXECUTABLE', async () => {
    writeFileSync(path(), '#!/bin/sh\n', { mode: 0o644 });
    expect((await call()).error).toMatchObject({ code: 'CLI_NOT_EXECUTABLE', path: path() });
  });

  it('is a directory: CLI_NOT_EXECUTABLE', async () => {
    const outcome = await outcomeOf(streamResponse('hello', { pathToClaudeCodeExecutable: folder }));
    expect(outcome.error).toMatchObject({ code: 'CLI_NOT_EXECUTABLE' });
  });

  it.each(['C', 'de_DE.UTF-8'])(
    'has an interpreter that does not exist (%s): CLI_NOT_EXECUTABLE',
    async LC_ALL => {
      writeFileSync(path(), '#!/nowhere/at/all\n', { mode: 0o755 });
      const outcome = await outcomeOf(
        streamResponse('hello', { pathToClaudeCodeExecutable: path(), env: { LC_ALL } }),
      );
      expect(outcome.error).toMatchObject({ code: 'CLI_NOT_EXECUTABLE', path: path() });
    },
  );

  it('is not a program at all: the shell that tries it says so', async () => {
    // At once: a file that a thread still has open while another process starts is busy, and would not be tried.
    writeFileSync(path(), 'neither a script nor a binary', { mode: 0o755 });
    expect((await call()).error).toMatchObject({ code: 'CLI_EXITED', exitCode: 127 });
  });

  it('is another program: a typed error all the same', async () => {
    const outcome = await outcomeOf(streamResponse('hello', { pathToClaudeCodeExecutable: '/bin/true' }));
    expect(outcome.error).toMatchObject({ code: 'CLI_EXITED', exitCode: 0 });
  });

  it('is replaced between two calls: its version is asked for anew', async () => {
    copyFileSync(fake('fake-cli'), join(folder, 'fake-cli.mjs'));
    const install = (name: string) => {
      copyFileSync(fake(name), join(folder, 'new.mjs'));
      renameSync(join(folder, 'new.mjs'), join(folder, 'claude.mjs'));
    };
    const again = () => run('', { pathToClaudeCodeExecutable: join(folder, 'claude.mjs') });
    install('echoes');
    expect((await again()).summary?.text).toBe('hello');
    install('too-old');
    expect((await again()).error).toMatchObject({
      code: 'CLI_TOO_OLD',
      version: '2.1.197',
      required: '2.1.248',
    });
    rmSync(join(folder, 'claude.mjs'));
    expect((await again()).error).toMatchObject({ code: 'CLI_NOT_FOUND' });
  });

  it('vanishes while it runs: the answer comes all the same', async () => {
    copyFileSync(fake('fake-cli'), join(folder, 'fake-cli.mjs'));
    copyFileSync(fake('echoes'), join(folder, 'claude.mjs'));
    const stream = streamResponse(
      (async function* () {
        yield 'first';
        rmSync(join(folder, 'claude.mjs'));
        yield 'second';
      })(),
      { pathToClaudeCodeExecutable: join(folder, 'claude.mjs') },
    );
    expect((await outcomeOf(stream)).text).toBe('firstsecond');
  });
});

describe('a system that is short of something', () => {
  it('has lost the working directory: INVALID_OPTION names it', async () => {
    const stream = streamResponse('hello', options('echoes', { cwd: folder }));
    await rm(folder, { recursive: true });
    expect((await outcomeOf(stream)).error).toMatchObject({ code: 'INVALID_OPTION', option: 'cwd' });
  });

  it('is out of file descriptors: SPAWN_FAILED, and the program lives on', async () => {
    expect(await reportOf('no-descriptors')).toEqual({ code: 'SPAWN_FAILED', errno: 'EMFILE', text: '' });
  });

  it("has lost the program's own working directory: the answer comes all the same", async () => {
    expect(await reportOf('no-directory')).toEqual({ text: 'hello' });
  });

  it('has an environment too large for it: SPAWN_FAILED', async () => {
    const { error } = await run('echoes', { env: { HUGE: 'x'.repeat(3_000_000) } });
    expect(error).toMatchObject({ code: 'SPAWN_FAILED', errno: 'E2BIG', retryable: false });
  });
});

it('a callback for stderr that throws fails the call', async () => {
  const { error } = await run('dies-at-once', {
    onStderr: () => {
      throw new Error('from the callback');
    },
  });
  expect(error?.message).toBe('from the callback');
});

function options(name: string, more: StreamOptions = {}): StreamOptions {
  return { pathToClaudeCodeExecutable: fake(name), signal: caller.signal, ...more };
}

async function run(name: string, more: StreamOptions = {}, prompt = 'hello'): Promise<Outcome> {
  return await outcomeOf(streamResponse(prompt, options(name, more)));
}

/** What a program in a bad place prints. It has to end by itself. */
async function reportOf(place: string): Promise<unknown> {
  const program = fake('reports-error');
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', 'ulimit -n 256; exec "$0" "$1"', program, place],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        STREAM_OPTIONS: JSON.stringify({ pathToClaudeCodeExecutable: fake('echoes') }),
      },
    },
  );
  return JSON.parse(stdout);
}
