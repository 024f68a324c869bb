import { accessSync, constants, realpathSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { CliNotExecutableError, SpawnError } from '../errors.ts';
import { endAtExit } from './exit.ts';
import { killTree } from './terminate.ts';

export interface Command {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
}

export interface Exit {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** A started process. Whoever starts it must see it through `terminate()`. */
export interface RunningProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process is gone, whoever still holds its pipes. Never rejects. */
  readonly exited: Promise<Exit>;
  /** The last 16 KiB of stderr. */
  stderrTail(): string;
  /** While `false`, the process alone does not keep Node running. */
  keepAlive(keep: boolean): void;
}

const stderrTailLength = 16 * 1024;

/**
 * Starts a process in a group of its own, so that everything it starts can be ended with it.
 * @throws {SpawnError} when the system refuses, {CliNotExecutableError} when the file cannot run.
 */
export async function spawnProcess(
  command: Command,
  onStderr?: (text: string) => void,
): Promise<RunningProcess> {
  const child = execa(...withParentDeathSignal(command), {
    cwd: command.cwd,
    env: command.env,
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    encoding: 'buffer',
    buffer: false,
    reject: false,
    cleanup: false,
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  if (child.pid === undefined) throw spawnFailure(command.file, (await child).cause);

  const { pid } = child;
  const forget = endAtExit(() => killTree(pid, 'SIGKILL'));
  const exited = new Promise<Exit>(resolve => {
    child.once('exit', (exitCode, signal) => {
      forget();
      resolve({ exitCode, signal });
    });
  });
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-stderrTailLength);
    onStderr?.(text);
  });
  // A process that never reads or is gone breaks the pipe; its exit says so better than EPIPE does.
  child.stdin.on('error', () => {});

  return {
    pid,
    stdin: child.stdin,
    stdout: child.stdout,
    exited,
    stderrTail: () => tail,
    keepAlive(keep) {
      const handles = [child, child.stdin, child.stdout, child.stderr] as { ref?(): void; unref?(): void }[];
      for (const handle of handles) keep ? handle.ref?.() : handle.unref?.();
    },
  };
}

/** On Linux the kernel ends the process when this one dies, even by SIGKILL, which no handler sees. */
function withParentDeathSignal({ file, args }: Command): [string, readonly string[]] {
  return setpriv ? [setpriv, ['--pdeathsig', 'KILL', '--', file, ...args]] : [file, args];
}

/** util-linux has the tool; BusyBox has one of the same name without the option. */
const setpriv =
  process.platform === 'linux' ? ['/usr/bin/setpriv', '/bin/setpriv'].find(isUtilLinux) : undefined;

function isUtilLinux(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return !realpathSync(path).includes('busybox');
  } catch {
    return false;
  }
}

function spawnFailure(file: string, cause: unknown): Error {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
  const unusable = ['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR', 'EISDIR', 'UNKNOWN'].includes(errno);
  return unusable ? new CliNotExecutableError(file, errno, cause) : new SpawnError(errno, cause);
}
