import { spawnSync } from 'node:child_process';
import type { Exit, RunningProcess } from './spawn.ts';

/** How long each step may take, in milliseconds. */
const grace = { closed: 3_000, terminated: 2_000, pipes: 500 };

/**
 * Ends a process and everything it started, and resolves when it is gone.
 * `finish`: close stdin and let it end by itself first. `stop`: SIGTERM at once. `kill`: SIGKILL at once.
 * Each step falls through to the next when its grace period is over. Its output has to be read, or it may wait for that.
 * The CLI itself takes some 50 ms for either, and up to 2 s while a tool of it does not want to end.
 */
export async function terminate(running: RunningProcess, how: 'finish' | 'stop' | 'kill'): Promise<Exit> {
  running.keepAlive(true);
  running.stdin.end();
  let gone = how === 'finish' && (await settles(running.exited, grace.closed));
  if (!gone && how !== 'kill') {
    running.signalTree('SIGTERM');
    gone = await settles(running.exited, grace.terminated);
  }
  if (!gone) running.signalTree('SIGKILL');
  const exit = await running.exited;
  // Its last words; nobody can add to them but a process that got away.
  await settles(running.stderrClosed, grace.pipes);
  running.closePipes();
  return exit;
}

/** Signals a process and its whole group; on Windows, where there are no signals, ends its whole tree. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
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

/** Whether the promise settles in time. */
async function settles(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>(resolve => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const inTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
