import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { StreamOptions } from '../../lib/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { fake, until } from '../fixtures/outcome.ts';
import { isAlive, withCommand } from '../fixtures/processes.ts';

let api: OfflineApi;

beforeAll(async () => {
  api = await startOfflineApi({ delay: 50 });
});

beforeEach(() => api.reset());

afterAll(() => api.close());

describe('a program that dies while it streams takes the CLI with it', () => {
  it.each(['exit', 'throw', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s, and a CLI that ignores SIGTERM',
    async how => {
      const { program, cli, temporary } = await start(
        { pathToClaudeCodeExecutable: fake('ignores-sigterm') },
        'text',
        how,
      );
      if (how !== 'exit' && how !== 'throw') {
        expect(workerDirectories(temporary)).toHaveLength(1);
        program.kill(how);
      }
      await until(() => program.exitCode !== null || program.signalCode !== null, 'the program is gone');
      if (how.startsWith('SIG')) expect(program.signalCode).toBe(how);
      await until(() => !isAlive(cli), 'the CLI is gone');
      expect(workerDirectories(temporary)).toEqual([]);
    },
  );

  it('SIGKILL, in the middle of a long answer of the API', async () => {
    api.reply({ content: 'word '.repeat(2000) });
    const { program, cli } = await start({ env: api.env }, 'text');
    program.kill('SIGKILL');
    await until(() => !isAlive(cli), 'the CLI is gone');
    await expect(api.requests[0]?.closed).resolves.toBe('aborted');
  });

  it('SIGKILL, while the CLI runs a tool', async () => {
    const marker = `9${process.pid}01`;
    api.reply([{ type: 'tool_use', name: 'Bash', input: { command: `sleep 1; sleep ${marker}` } }]);
    const { program, cli } = await start(
      { env: api.env, tools: ['Bash'], allowedTools: ['Bash'] },
      'tool-call',
    );
    await until(() => withCommand(marker).length > 0, 'the tool runs');
    program.kill('SIGKILL');
    await until(() => !isAlive(cli), 'the CLI is gone');
    await until(() => withCommand(marker).length === 0, 'the tool is gone');
  });
});

async function start(
  options: StreamOptions,
  streamUntil: string,
  how = '',
): Promise<{ program: ChildProcess; cli: number; temporary: string }> {
  const path = fileURLToPath(new URL('../fixtures/dies-while-streaming.mjs', import.meta.url));
  const temporary = mkdtempSync(join(tmpdir(), 'exit-'));
  onTestFinished(() => rmSync(temporary, { recursive: true }));
  const program = spawn(process.execPath, [path, how], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      PATH: process.env.PATH,
      TMPDIR: temporary,
      STREAM_OPTIONS: JSON.stringify(options),
      STREAM_UNTIL: streamUntil,
    },
  });
  const lines = createInterface({ input: program.stdout });
  const [first] = await once(lines, 'line');
  if (how !== 'exit') await once(lines, 'line');
  return { program, cli: Number(String(first).replace('cli ', '')), temporary };
}

function workerDirectories(temporary: string): string[] {
  return readdirSync(temporary, { recursive: true, encoding: 'utf8' }).filter(path => /\/w-\w+$/.test(path));
}
