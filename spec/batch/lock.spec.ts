import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from '../../lib/batch/lock.ts';
import { runScript } from '../fixtures/run-script.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-spec-'));
  path = join(directory, 'results.lock');
});
afterEach(() => rm(directory, { recursive: true }));

const uuid = '00000000-0000-4000-8000-000000000000';

function take(): () => void {
  const release = takeLock(path);
  if (typeof release === 'number') throw new Error(`held by ${release}`);
  return release;
}

describe('takeLock()', () => {
  it('refuses the second and says who is the first, until he gives it back', () => {
    const release = take();
    expect(takeLock(path)).toBe(process.pid);
    const [file = ''] = readdirSync(directory);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    release();
    expect(readdirSync(directory)).toEqual([]);
    take()();
  });

  it('takes over from a process that is gone, from one of its own id, and from before the machine started', () => {
    const gone = spawnSync(process.execPath, ['--version']).pid;
    const files = [gone, process.pid, process.ppid].map(pid => `${path}.${pid}.${uuid}`);
    for (const file of files) writeFileSync(file, '');
    utimesSync(files[2] ?? '', new Date(0), new Date(0));
    take()();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('respects a process that runs, and leaves alone what is none of its files', () => {
    writeFileSync(`${path}.notes`, '');
    take()();
    writeFileSync(`${path}.${process.ppid}.${uuid}`, '');
    expect(takeLock(path)).toBe(process.ppid);
    expect(readdirSync(directory).sort()).toEqual([
      `results.lock.${process.ppid}.${uuid}`,
      'results.lock.notes',
    ]);
  });

  it('is never held by two processes, however many come at once', async () => {
    const scripts = [1, 2, 3].map(() => runScript('take-lock.mjs', path, '1000'));
    const counts = (await Promise.all(scripts.map(script => script.result()))) as Record<string, number>[];
    expect(counts.map(({ together }) => together)).toEqual([0, 0, 0]);
    expect(counts.reduce((sum, { taken = 0 }) => sum + taken, 0)).toBeGreaterThan(0);
    expect(readdirSync(directory)).toEqual([]);
  });
});
