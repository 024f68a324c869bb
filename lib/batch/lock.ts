import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { privateFile } from '../stores/private-files.ts';

/** Files that this process holds: a process of the same id may have died before a restart. */
const held = new Set<string>();

/**
 * Takes a lock file that names this process. One whose process is gone, killed perhaps, is taken over.
 * @returns a function that gives it back, or the id of the process that holds it.
 */
export function takeLock(path: string): (() => void) | number {
  const holder = readHolder(path);
  if (holder !== undefined && isRunning(holder, path)) return holder;
  if (holder !== undefined) rmSync(path, { force: true });
  // Linked, not written in place: nobody sees a lock file without its process in it.
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, String(process.pid), { mode: privateFile });
  try {
    linkSync(own, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    return readHolder(path) ?? takeLock(path);
  } finally {
    rmSync(own, { force: true });
  }
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
  };
}

function readHolder(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isRunning(pid: number, path: string): boolean {
  if (pid === process.pid) return held.has(path);
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
