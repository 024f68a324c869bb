import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keyv } from 'keyv';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createFileStore } from '../../lib/stores/index.ts';
import { runScript } from '../fixtures/run-script.ts';

const base = mkdtempSync(join(tmpdir(), 'store-spec-'));
afterAll(() => rm(base, { recursive: true }));
let directory = base;
let number = 0;
beforeEach(() => {
  number += 1;
  directory = join(base, String(number));
});

async function onlyFile(): Promise<string> {
  const [name = ''] = await readdir(directory);
  return join(directory, name);
}

describe('createFileStore()', () => {
  it('keeps entries over a restart, in files that only their owner reads', async () => {
    await createFileStore({ directory }).set('key', 'a value with ünicode\n');
    expect(await createFileStore({ directory }).get('key')).toBe('a value with ünicode\n');
    expect((await stat(await onlyFile())).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(await onlyFile()).not.toContain('key');
  });

  it('is a store for Keyv, with its namespaces and times to live', async () => {
    const store = createFileStore({ directory });
    const keyv = new Keyv({ store, namespace: 'one' });
    await keyv.set('key', { deep: [1, 'two'] }, 60_000);
    expect(await new Keyv({ store, namespace: 'one' }).get('key')).toEqual({ deep: [1, 'two'] });
    expect(await new Keyv({ store, namespace: 'two' }).get('key')).toBeUndefined();
    expect(await keyv.delete('key')).toBe(true);
    expect(await keyv.get('key')).toBeUndefined();
  });

  it.each([
    ['cut short', (content: string) => content.slice(0, -1)],
    ['changed', (content: string) => content.replace('value', 'valve')],
    ['empty', () => ''],
  ])('takes an entry that was %s for missing, and removes it', async (_, damage) => {
    const store = createFileStore({ directory });
    await store.set('key', 'a value');
    const path = await onlyFile();
    const { mtime } = await stat(path);
    await writeFile(path, damage(await readFile(path, 'utf8')));
    await utimes(path, mtime, mtime);
    expect(await store.get('key')).toBeUndefined();
    expect(await readdir(directory)).toEqual([]);
  });

  it('removes an entry that has expired', async () => {
    const store = createFileStore({ directory });
    await store.set('key', 'a value', -1);
    expect(await store.get('key')).toBeUndefined();
    expect(await readdir(directory)).toEqual([]);
  });

  it('removes the least recently used beyond its limits', async () => {
    const store = createFileStore({ directory, maxEntries: 16, maxBytes: 10_000 });
    for (let index = 0; index < 40; index++) {
      await store.set(`key-${index}`, 'x'.repeat(200));
      if (index > 0) expect(await store.get('key-0')).toBeDefined();
    }
    expect((await readdir(directory)).length).toBeLessThanOrEqual(16);
    expect(await store.get('key-39')).toBeDefined();
    expect(await store.get('key-1')).toBeUndefined();
    await store.set('large', 'x'.repeat(9_000));
    await store.set('larger', 'x'.repeat(9_200));
    expect(await store.get('large')).toBeUndefined();
    expect(await store.get('larger')).toBeDefined();
  });

  it('clears what is its own and nothing else', async () => {
    const store = createFileStore({ directory });
    await store.set('key', 'a value');
    await writeFile(join(directory, 'notes.txt'), 'not ours');
    await store.clear();
    expect(await readdir(directory)).toEqual(['notes.txt']);
  });

  it('never shows a wrong value to two processes that write the same keys, one of which is killed', async () => {
    const [one, other, killed] = ['1500', '1500', '60000'].map(time =>
      runScript('hammer-store.mjs', directory, time),
    );
    await new Promise(resolve => setTimeout(resolve, 800));
    killed?.kill();
    for (const script of [one, other]) {
      expect(await script?.result()).toMatchObject({ wrong: 0, failed: [], hits: expect.any(Number) });
    }
    const store = createFileStore({ directory, maxEntries: 20 });
    for (const index of Array(30).keys()) {
      const value = await store.get(`key-${index}`);
      if (value !== undefined) expect(value).toBe(`key-${index}:`.padEnd(value.length, `key-${index}`));
    }
  });
});
