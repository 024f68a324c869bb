import { readdirSync, readFileSync } from 'node:fs';

/**
 * Kills every process started after `pid` whose environment holds `mark` (`NAME=value`). The CLI starts its Bash tool in
 * a session of its own, out of reach of a signal to the CLI's group, and a CLI that was killed itself no longer ends it.
 * Linux only: other systems do not show a process's environment.
 */
export function killStrays(pid: number, mark: string): void {
  // Younger processes have higher numbers, and reading them all would take milliseconds.
  for (const other of processIds()) {
    if (other > pid && isMarked(other, mark)) kill(other);
  }
}

function processIds(): number[] {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    // Out of descriptors, or no /proc.
    return [];
  }
}

function isMarked(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
  } catch {
    // Gone, or another user's.
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
