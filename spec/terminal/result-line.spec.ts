import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { toDone, toLine } from '../../lib/terminal/result-line.ts';
import { runCommand } from './run-command.ts';

it('reads back what it wrote', () => {
  const summary = { text: '', stopReason: 'end_turn', usage: {}, costUsd: 0.5, durationMs: 1 };
  const facts = { firstTextMs: null, turns: 1, sessionId: '' };
  const line = toLine({ id: 'a', index: 0, ok: true, summary: { ...summary, ...facts } }, 3);
  expect(line).toMatchObject({ id: 'a', index: 3, text: '', costUsd: 0.5 });
  expect(toDone(JSON.parse(JSON.stringify(line)))).toEqual({ id: 'a', costUsd: 0.5, failed: false });
  expect(toDone({ id: 'a', error: { code: 'API_ERROR' } })).toEqual({ id: 'a', costUsd: 0, failed: true });
});

it.each([{ id: 'a', prompt: 'one' }, { text: 'no id' }, { id: 7, text: 'one' }, [], null, 'text'])(
  'takes nothing else for a result: %j',
  line => expect(() => toDone(line)).toThrow(TypeError),
);

it('the command does not write its results into the prompts', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'result-line-spec-'));
  const path = join(directory, 'prompts.jsonl');
  const prompts = '{"id":"a","prompt":"one"}\n{"prompt":"two"}\n';
  await writeFile(path, prompts);
  const { exitCode, stderr } = await runCommand(['batch', path, '--out', path]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('prompts.jsonl:1 is no result: the file is left as it is.');
  expect(await readFile(path, 'utf8')).toBe(prompts);
  await rm(directory, { recursive: true });
});
