import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filterJournal, openJournal } from '../../lib/batch/journal.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-spec-'));
  path = join(directory, 'results.jsonl');
});
afterEach(() => rm(directory, { recursive: true }));

/** What is in the journal when it is opened, and after `values` were appended. */
async function open(...values: object[]): Promise<unknown[]> {
  const lines: unknown[] = [];
  const journal = await openJournal(path, line => lines.push(line));
  await Promise.all(values.map(value => journal.append(value)));
  await journal.close();
  return lines;
}

describe('openJournal()', () => {
  it('appends in order, to a file that only its owner reads', async () => {
    expect(await open({ id: 1 }, { id: 2 })).toEqual([]);
    expect(await open({ id: 3, text: 'two\nlines\u2028' })).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await readFile(path, 'utf8')).toBe('{"id":1}\n{"id":2}\n{"id":3,"text":"two\\nlines\u2028"}\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a piece of a line', '{"id":2,"te'],
    ['a piece that is longer than what is read at once', `{"id":2,"text":"${'x'.repeat(200_000)}`],
    ['a whole line without its end', '{"id":2}'],
  ])('removes what was torn off: %s', async (_, torn) => {
    await writeFile(path, `{"id":1}\n${torn}`);
    expect(await open({ id: 3 })).toEqual([{ id: 1 }]);
    expect(await readFile(path, 'utf8')).toBe('{"id":1}\n{"id":3}\n');
  });

  it('changes nothing in a file that is none', async () => {
    for (const [text, problem] of [
      ['Dear diary,\nnothing', 'results.jsonl:1 is not JSON'],
      ['{"id":1}\n{"prompt":"one"}\ntorn', 'results.jsonl:2 is no result'],
    ] as const) {
      await writeFile(path, text);
      const onLine = (line: unknown) => {
        if (!('id' in Object(line))) throw new TypeError('no id');
      };
      await expect(openJournal(path, onLine)).rejects.toThrow(problem);
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });
});

it('filterJournal() keeps what it is told to, and leaves no other file', async () => {
  await writeFile(path, '{"id":1}\n{"id":2,"error":{}}\n{"id":3}\n{"id":4,"er');
  await filterJournal(path, line => !('error' in Object(line)));
  expect(await readFile(path, 'utf8')).toBe('{"id":1}\n{"id":3}\n');
  expect(await readdir(directory)).toEqual(['results.jsonl']);
  await filterJournal(join(directory, 'missing.jsonl'), () => true);
  expect(await readdir(directory)).toEqual(['results.jsonl']);
});
