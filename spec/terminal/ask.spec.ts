import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { startOfflineApi } from '../../lib/testing/index.ts';
import { commandLinesOf, listedOptions } from '../documentation/command-lines.ts';
import { fake } from '../fixtures/outcome.ts';
import { main, runCommand } from './run-command.ts';

const notice = 'offline: a stand-in on this machine answers, not Claude';

/** What the command does by itself is the same with every CLI; a fake one starts in a fifth of the time. */
const echo = { CLAUDE_CODE_EXECUTABLE: fake('echo-cli') };

it('prints the answer, and on stderr that it came from the stand-in', async () => {
  const { stdout, stderr, exitCode } = await runCommand(['ask', '--offline', 'What is 2+2?']);
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: '4', stderr: notice, exitCode: 0 });
});

it('takes the prompt from standard input', async () => {
  const { stdout } = await runCommand(['ask'], { input: 'from a pipe', env: echo });
  expect(stdout).toBe('from a pipe');
});

it('puts what is piped in after the argument', async () => {
  const { stdout } = await runCommand(['ask', 'first'], { input: 'then\nthis\n', env: echo });
  expect(stdout).toBe('first\n\nthen\nthis');
});

it('passes a prompt that looks like a flag, a command or a file on as it is', async () => {
  const prompt = 'echo: --help /cost @/etc/passwd';
  const { stdout } = await runCommand(['ask', '--offline', '--quiet', '--', prompt]);
  expect(stdout).toBe('--help /cost @/etc/passwd');
});

it('has a prompt of its own for a demonstration', async () => {
  const { stdout, exitCode } = await runCommand(['ask', '--offline'], { env: echo });
  expect({ stdout, exitCode }).toEqual({ stdout: 'Tell me a short story about a river.', exitCode: 0 });
});

it('goes on without a standard input that stays open and silent', async () => {
  const { stdout, stderr } = await runCommand(['ask', 'Hello'], { stdin: 'pipe', env: echo });
  expect(stdout).toBe('Hello');
  expect(stderr).toContain('nothing came on standard input in 3 s');
});

it('hands the options on, and prints chunk events with --json', async () => {
  await using api = await startOfflineApi();
  const args = ['ask', '--json', '--model', 'claude-opus-5-5', '--system', 'Talk like a pirate.', 'Hello'];
  const { stdout } = await runCommand(args, { env: api.env });
  const events = String(stdout)
    .split('\n')
    .map(line => JSON.parse(line));
  expect(events[0]).toMatchObject({ type: 'start' });
  const text = expect.stringMatching(/^Arr, matey!/);
  expect(events.at(-1)).toMatchObject({ type: 'end', text, stopReason: 'end_turn' });
  expect(api.requests[0]?.body.model).toBe('claude-opus-5-5');
});

it('tells a failure in one line and exits with 1', async () => {
  await using api = await startOfflineApi();
  const env = { ...api.env, ANTHROPIC_API_KEY: undefined };
  const { stdout, stderr, exitCode } = await runCommand(['ask', 'Hello'], { env });
  expect(stderr).toMatch(/^claude-cli-stream: The Claude CLI is not signed in .*$/);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
});

it('keeps what came before a failure, on a line of its own', async () => {
  const env = { CLAUDE_CODE_EXECUTABLE: fake('dies-mid-line') };
  const running = runCommand(['ask', 'Hello'], { env, stripFinalNewline: false });
  const { stdout, stderr, exitCode } = await running;
  expect(stdout).toBe('half an ans\n');
  expect(stderr).toMatch(/^claude-cli-stream: The Claude CLI .*\n$/);
  expect(exitCode).toBe(1);
});

it('gives up after its time', async () => {
  const env = { CLAUDE_CODE_EXECUTABLE: fake('silent') };
  const { stderr, exitCode } = await runCommand(['ask', '--timeout', '0.5', 'Hello'], { env });
  expect(stderr).toBe('claude-cli-stream: no complete answer after 0.5 s (--timeout)');
  expect(exitCode).toBe(1);
});

it.each([
  [['ask'], /no prompt: give one as an argument or on standard input/],
  [['ask', ' '], /Invalid prompt: got " "/],
  [['ask', '--timeout', 'soon', 'x'], /It takes a number of seconds above 0/],
  [['ask', '--bogus', 'x'], /unknown option '--bogus'/],
  [['nonsense'], /^claude-cli-stream: unknown command 'nonsense'/],
])('exits with 2 when it is called wrongly: %s', async (args, message) => {
  const { stdout, stderr, exitCode } = await runCommand(args);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('    at ');
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
});

it('ends without a word when its reader leaves', async () => {
  const running = runCommand(['ask', '--quiet'], { input: 'word '.repeat(100_000), env: echo });
  const { stdout } = running;
  await once(stdout, 'data');
  stdout.destroy();
  const { stderr, exitCode } = await running;
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 141 });
});

it.skipIf(process.platform === 'win32')('ends without a word on Ctrl-C, and keeps what came', async () => {
  const running = runCommand(['ask', 'Count'], { env: { CLAUDE_CODE_EXECUTABLE: fake('silent') } });
  await once(running.stdout, 'data');
  running.kill('SIGINT');
  const { stdout, stderr, exitCode } = await running;
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'one moment', stderr: '', exitCode: 130 });
});

it.skipIf(process.platform !== 'linux')('says once that its output cannot be written', async () => {
  await using file = await open('/dev/full', 'w');
  const command = execa(process.execPath, [main, 'ask', 'word '.repeat(10_000)], {
    env: echo,
    stdin: 'ignore',
    stdout: file.createWriteStream(),
    reject: false,
  });
  const { stderr, exitCode } = await command;
  expect({ stderr, exitCode }).toEqual({
    stderr: 'claude-cli-stream: ENOSPC: no space left on device, write',
    exitCode: 1,
  });
});

it.each(['ask', 'batch', 'serve', 'doctor'])('%s has a help that fits on 80 columns', async command => {
  const help = String((await runCommand([command, '--help'])).stdout);
  expect(help.split('\n').filter(line => line.length > 80)).toEqual([]);
  const section = (title: string) => help.split(`\n${title}:\n`)[1]?.split('\n\n')[0] ?? '';
  const examples = commandLinesOf(section('Examples'));
  expect(examples.length).toBeGreaterThan(1);
  for (const example of examples) {
    expect(example.command).toBe(command);
    expect(listedOptions(help)).toEqual(expect.arrayContaining(example.options));
  }
  expect(section('Exit codes')).toMatch(/^ {2}0 {4}\w.*\n {2}1 {4}\w.*\n {2}2 {4}wrong usage\n/);
});

it('lists its commands, and prints its version', async () => {
  const help = await runCommand(['--help']);
  expect(help.stdout).toContain('ask [options] [prompt]');
  expect(help.exitCode).toBe(0);
  const version = await runCommand(['--version']);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+$/);
});
