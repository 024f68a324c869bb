import { mkdtempSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../fixtures/outcome.ts';
import { runCommand } from './run-command.ts';
import { hasTmux, openTerminal } from './tmux.ts';

const CLAUDE_CODE_EXECUTABLE = new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname;
const env = { CLAUDE_CODE_EXECUTABLE };

let directory: string;
let [prompts, out, gate] = ['', '', ''];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'batch-spec-'));
  [prompts, out] = [join(directory, 'prompts.txt'), join(directory, 'results.jsonl')];
  gate = join(directory, 'gate');
});
afterEach(() => rm(directory, { recursive: true }));

interface Line {
  id: string;
  index: number;
  text?: string;
  error?: { code: string };
}

async function results(): Promise<Line[]> {
  const text = await readFile(out, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
}

/** Starts a batch whose first `answered` prompts are answered; the others wait at the gate. */
async function startGated(args: readonly string[], answered: number) {
  await writeFile(gate, String(answered));
  const running = runCommand(['batch', prompts, '--out', out, ...args], { env: gated() });
  const lines = async () => (await readFile(out, 'utf8').catch(() => '')).split('\n').length - 1;
  await until(async () => (await lines()) === answered, `${answered} results`);
  // In an object: a promise would be waited for.
  return { running };
}

const gated = () => ({ ...env, ANTHROPIC_ECHO_GATE: gate });
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `number ${index}`);

it('answers each line of a text, records failures, and does nothing the second time', async () => {
  await writeFile(prompts, 'one\n\ntwo\none\nfail\n');
  const first = await runCommand(['batch', prompts, '--out', out, '-c', '2'], { env });
  expect(first).toMatchObject({ exitCode: 1, stdout: '' });
  expect(first.stderr).toMatch(/^4\/4 · 1 failed · .*\/s · \$0\.0300 · in \d+s$/);
  const lines = (await results()).sort((one, other) => one.index - other.index);
  expect(lines.map(({ text, error }) => text ?? error?.code)).toEqual(['one', 'two', 'one', 'API_ERROR']);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(4);
  expect((await stat(out)).mode & 0o777).toBe(0o600);

  const second = await runCommand(['batch', prompts, '--out', out], { env });
  expect(second).toMatchObject({ exitCode: 0, stderr: '4 of 4 are done already' });
  expect(await readdir(directory)).toEqual(['prompts.txt', 'results.jsonl']);
});

it('takes JSON lines with ids and options of their own, and does what was added later', async () => {
  const item = (id: string, prompt: string) => `${JSON.stringify({ id, prompt, label: 'kept elsewhere' })}\n`;
  await runCommand(['batch', '-', '--out', out, '-q'], { env, input: item('a', 'one') });
  const { stderr } = await runCommand(['batch', '-', '--out', out, '-q'], {
    env,
    input: item('b', 'two\u2028lines') + item('a', 'one'),
  });
  expect(stderr).toBe('');
  expect((await results()).map(({ id, index, text }) => [id, index, text])).toEqual([
    ['a', 0, 'one'],
    ['b', 0, 'two\u2028lines'],
  ]);
});

it('asks again what failed, when told to', async () => {
  await writeFile(prompts, 'fail\none\n');
  await runCommand(['batch', prompts, '--out', out, '-q'], { env });
  const { exitCode } = await runCommand(['batch', prompts, '--out', out, '--retry-failed'], { env });
  expect(exitCode).toBe(1);
  expect((await results()).map(({ text, error }) => text ?? error?.code)).toEqual(['one', 'API_ERROR']);
});

it('has each item exactly once after being killed three times', async () => {
  await writeFile(prompts, numbered(12).join('\n'));
  for (const answered of [2, 5, 8]) {
    const { running } = await startGated(['-c', '3'], answered);
    running.kill('SIGKILL');
    await running;
    await appendFile(out, '{"id":"torn off in the mid');
  }
  const { exitCode, stderr } = await runCommand(['batch', prompts, '--out', out, '-c', '3'], { env });
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^8 of 12 are done already\n/);
  const texts = (await results()).map(({ text }) => text);
  expect(texts.sort()).toEqual(numbered(12).sort());
  expect((await readdir(directory)).sort()).toEqual(['gate', 'prompts.txt', 'results.jsonl']);
});

it('finishes what runs on Ctrl-C, and goes on from there', async () => {
  await writeFile(prompts, numbered(7).join('\n'));
  const { running } = await startGated(['-c', '2'], 3);
  let told = '';
  running.stderr.on('data', piece => {
    told += piece;
  });
  running.kill('SIGINT');
  await until(
    () => told.includes('finishing what runs; the same command goes on from there'),
    'Ctrl-C is told',
  );
  await writeFile(gate, '7');
  expect((await running).exitCode).toBe(130);
  expect(await results()).toHaveLength(5);
  await runCommand(['batch', prompts, '--out', out, '-c', '2'], { env });
  expect((await results()).map(({ text }) => text).sort()).toEqual(numbered(7).sort());
});

it('stops at the budget, which counts earlier runs', async () => {
  await writeFile(prompts, numbered(9).join('\n'));
  const args = ['batch', prompts, '--out', out, '-c', '1', '-q', '--budget'];
  const first = await runCommand([...args, '0.035'], { env });
  expect(first).toMatchObject({ exitCode: 1 });
  expect(first.stderr).toMatch(/^claude-cli-stream: The budget is spent: 0\.0400 of 0\.035 US dollars\.$/);
  expect(await results()).toHaveLength(4);
  await runCommand([...args, '0.065'], { env });
  expect(await results()).toHaveLength(7);
});

it('refuses a file that another process writes, and input that is none', async () => {
  await writeFile(prompts, numbered(3).join('\n'));
  const { running } = await startGated([], 1);
  const second = await runCommand(['batch', prompts, '--out', out], { env });
  running.kill('SIGKILL');
  await running;
  expect(second).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('is being written by process'),
  });
  for (const [input, problem] of [
    ['{"prompt":"one"}\n{"prompt":', 'line 2 is not JSON'],
    ['{"prompt":7}', 'line 1 has no prompt'],
    ['{"id":"a","prompt":"one"}\n{"id":"a","prompt":"two"}', 'line 2: the id a was there before'],
  ] as const) {
    const refused = await runCommand(['batch', '-', '--out', out], { env, input });
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(problem) });
  }
});

it('leaves a file alone that is not made of results', async () => {
  await writeFile(out, 'Dear diary,\nnothing happened today\n');
  const { exitCode, stderr } = await runCommand(['batch', '-', '--out', out], { env, input: 'one' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('results.jsonl:1 is not JSON: the file is left as it is.');
  expect(await readFile(out, 'utf8')).toBe('Dear diary,\nnothing happened today\n');
});

it.each([
  ['no-such-folder/out.jsonl', 'one', /no-such-folder\/out\.jsonl: there is no such file or directory$/],
])('says in words what is wrong with %s', async (name, input, problem) => {
  const { exitCode, stderr } = await runCommand(['batch', '-', '--out', join(directory, name)], {
    env,
    input,
  });
  expect(stderr).toMatch(problem);
  expect(exitCode).toBe(2);
});

it('says in words what is wrong with a file of prompts', async () => {
  const missing = await runCommand(['batch', join(directory, 'none.txt'), '--out', out], { env });
  expect(missing).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/none\.txt: there is no such file/),
  });
});

it.skipIf(!hasTmux)('draws its progress over one line in a terminal (needs tmux)', async () => {
  await writeFile(prompts, numbered(6).join('\n'));
  await writeFile(gate, '3');
  await using terminal = await openTerminal(['batch', prompts, '--out', out, '-c', '2'], { env: gated() });
  await terminal.waitFor(/^█+░+ \d\/6 · [\d.]+\/s · \$0\.\d{4} · \d+s left$/);
  await writeFile(gate, '6');
  const text = await terminal.waitFor(/exit code/);
  expect(text).toMatch(/^█{30} 6\/6 · [\d.]+\/s · \$0\.0600 · in \d+s\nexit code 0$/);
});

it.skipIf(!hasTmux)('stops on Ctrl-C, and says how to go on (needs tmux)', async () => {
  await writeFile(prompts, numbered(6).join('\n'));
  await writeFile(gate, '2');
  const args = ['batch', prompts, '--out', out, '-c', '1'];
  await using terminal = await openTerminal(args, { env: gated(), columns: 60 });
  await terminal.waitFor(/[12]\/6/);
  await terminal.type('C-c');
  await terminal.waitFor(/finishing what runs/);
  await writeFile(gate, '6');
  const text = await terminal.waitFor(/exit code/);
  expect(text).toMatch(
    /^[█░]+ [12]\/6 .* left\^C\nfinishing what runs; the same command goes on from there\n[█░]+ [23]\/6 .*\nexit code 130$/,
  );
});
