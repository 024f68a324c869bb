import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { privateFile } from '../stores/private-files.ts';

/** Files that this process made: one of the same id may have died before it. */
const held = new Set<string>();

/**
 * Takes a lock: a file beside `path` whose name tells the process. Everybody makes his own file before he looks for
 * others', so of two who come at once at least one sees the other, and is refused. Files of processes that are gone,
 * killed perhaps, are removed.
 * @returns a function that gives it back, or the id of the process that holds it.
 */
export function takeLock(path: string): (() => void) | number {
  const own = `${resolve(path)}.${process.pid}.${randomUUID()}`;
  const release = () => {
    held.delete(own);
    rmSync(own, { force: true });
  };
  writeFileSync(own, '', { mode: privateFile });
  held.add(own);
  const holder = otherHolder(resolve(path), own);
  if (holder === undefined) return release;
  release();
  return holder;
}

function otherHolder(path: string, own: string): number | undefined {
  const [folder, prefix] = [dirname(path), `${basename(path)}.`];
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(prefix) && /^(\d+)\.[\da-f-]{36}$/.exec(name.slice(prefix.length))?.[1];
    const file = join(folder, name);
    if (!pid || file === own) continue;
    if (isHeld(file, Number(pid))) return Number(pid);
    rmSync(file, { force: true });
  }
  return undefined;
}

function isHeld(file: string, pid: number): boolean {
  if (pid === process.pid) return held.has(file);
  const found = statSync(file, { throwIfNoEntry: false });
  // Ids begin anew when the machine does.
  if (!found || found.mtimeMs < Date.now() - uptime() * 1000) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
