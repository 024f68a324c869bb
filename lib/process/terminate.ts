import { spawnSync } from 'node:child_process';
import type { Exit, RunningProcess } from './spawn.ts';

/** How long each step may take, in milliseconds. */
const grace = { closed: 5_000, terminated: 2_000 };

/**
 * Ends a process and everything it started, and resolves when it is gone.
 * `finish`: close stdin and let it end by itself first. `stop`: SIGTERM at once. `kill`: SIGKILL at once.
 * Each step falls through to the next when its grace period is over.
 */
export async function terminate(running: RunningProcess, how: 'finish' | 'stop' | 'kill'): Promise<Exit> {
  running.keepAlive(true);
  // A process that still writes must not wait for a reader.
  running.stdout.resume();
  running.stdin.end();
  if (how === 'finish') await settled(running.exited, grace.closed);
  if (how !== 'kill') await endedBy(running, 'SIGTERM', grace.terminated);
  killTree(running.pid, 'SIGKILL');
  const exit = await running.exited;
  // Whoever of the group outlived its leader still holds the pipes.
  killTree(running.pid, 'SIGKILL');
  running.stdin.destroy();
  running.stdout.destroy();
  return exit;
}

/** Signals a process and its whole group; on Windows, where there are no signals, ends its whole tree. */
export function killTree(pid: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

async function endedBy(running: RunningProcess, signal: NodeJS.Signals, milliseconds: number): Promise<void> {
  killTree(running.pid, signal);
  await settled(running.exited, milliseconds);
}

async function settled(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
