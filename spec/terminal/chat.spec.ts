import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { fake } from '../fixtures/outcome.ts';
import { runCommand } from './run-command.ts';
import { hasTmux, openTerminal } from './tmux.ts';

let api: OfflineApi;
let state: string;
let env: Record<string, string | undefined>;
beforeEach(async () => {
  api = await startOfflineApi();
  state = mkdtempSync(join(tmpdir(), 'chats-'));
  env = { ...api.env, XDG_STATE_HOME: state };
});
afterEach(async () => {
  await api.close();
  rmSync(state, { recursive: true });
});

it('takes its messages line by line from a pipe', async () => {
  const input = "My name is Ada.\n\nWhat's my name?\n/exit\nnever asked\n";
  const { stdout, exitCode } = await runCommand(['ask', '--chat'], { input, env });
  expect({ stdout, exitCode }).toEqual({ stdout: 'Nice to meet you, Ada.\nYour name is Ada.', exitCode: 0 });
  expect(readdirSync(state)).toEqual([]);
});

it('goes on another day under its name', async () => {
  await runCommand(['ask', '--chat=ada', 'My name is Ada.'], { input: '', env });
  const { stdout } = await runCommand(['ask', '--chat=ada', "What's my name?"], { input: '', env });
  expect(stdout).toBe('Your name is Ada.');
});

it('ends quietly when nothing is asked', async () => {
  const { stdout, exitCode } = await runCommand(['ask', '--chat'], { env });
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 0 });
});

it.each([
  [['--chat=../up'], /the name of a chat is/],
  [['--chat=ada', '--offline'], /takes no name/],
  [['--chat', '--timeout', '5'], /cannot be used with/],
])('refuses %s', async (args, message) => {
  const { stderr, exitCode } = await runCommand(['ask', ...args], { env });
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});

describe.skipIf(!hasTmux)('in a terminal (needs tmux)', () => {
  it('answers, goes on after Ctrl-C and after a failure, and leaves on Ctrl-C at the prompt', async () => {
    await using terminal = await openTerminal(['ask', '--chat'], { env });
    await terminal.waitFor(/\n> $|\n>$/);
    await terminal.type('My name is Ada.', 'Enter');
    await terminal.waitFor(/Nice to meet you, Ada\.\n\nclaude-[^\n]* s\n\n>/);

    api.reply({ content: 'One two three four', failure: { kind: 'stall', after: 3 } });
    await terminal.type('Count!', 'Enter');
    await terminal.waitFor(/One two three/);
    await terminal.type('C-c');
    await terminal.waitFor(/One two three\n\nstopped\n\n>/);

    const forget = api.when(() => ({ error: { status: 400, message: 'Not like this.' } }));
    await terminal.type('Fail', 'Enter');
    await terminal.waitFor(/claude-cli-stream: .*Not like this\.(.|\n)*\n>/);
    forget();

    await terminal.type("What's my name?", 'Enter');
    await terminal.waitFor(/Your name is Ada\.\n\nclaude-[^\n]* s\n\n>/);
    await terminal.type('C-c');
    await terminal.waitFor(/exit code 130/);
  });

  it('has a prompt like a shell: history, a line dropped by Ctrl-C, lines pasted together, Ctrl-D', async () => {
    const echo = { ...env, CLAUDE_CODE_EXECUTABLE: fake('echo-cli') };
    await using terminal = await openTerminal(['ask', '--chat'], { env: echo });
    await terminal.waitFor(/\n>/);
    await terminal.paste('one\n\ntwo\nthr');
    await terminal.type('ee', 'Enter');
    await terminal.waitFor(/three\none\n\ntwo three\n\necho · [^\n]* s\n\n>/);
    await terminal.type('never sent');
    await terminal.waitFor(/> never sent$/);
    await terminal.type('C-c', 'Up');
    await terminal.waitFor(/\n> three$/);
    await terminal.type('C-c', 'C-d');
    await terminal.waitFor(/>\nexit code 0/);
    expect((await terminal.text()).match(/echo · /g)).toHaveLength(1);
  });
});
