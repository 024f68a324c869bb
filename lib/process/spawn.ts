import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { CliNotExecutableError, InvalidOptionError, SpawnError } from '../errors.ts';
import { endAtExit } from './exit.ts';
import { killStrays } from './strays.ts';
import { signalGroup } from './terminate.ts';

export interface Command {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Name of a variable in `env` with a value of this process's own, by which what left its group is found and ended. */
  mark?: string | undefined;
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
  /** Resolves when nothing more can come on stderr. */
  readonly stderrClosed: Promise<void>;
  /** The last 16 KiB of stderr. */
  stderrTail(): string;
  /** While `false`, the process alone does not keep Node running. */
  keepAlive(keep: boolean): void;
  /** Signals the process and what it started. */
  signalTree(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Lets go of the pipes, also of those that a process which got away holds open. */
  closePipes(): void;
}

const stderrTailLength = 16 * 1024;

/**
 * Starts a process in a group of its own, so that everything it starts can be ended with it.
 * @throws {SpawnError} when the system refuses, {CliNotExecutableError} when the file cannot run,
 * {InvalidOptionError} when the working directory is gone.
 */
export async function spawnProcess(
  command: Command,
  onStderr?: (text: string) => void,
): Promise<RunningProcess> {
  const { child } = await startChild(command);
  if (child.pid === undefined) throw spawnFailure(command, (await child).cause);

  const { pid, stdin, stdout, stderr } = child;
  const signalTree = (signal: 'SIGTERM' | 'SIGKILL') => {
    signalGroup(pid, signal);
    if (command.mark && signal === 'SIGKILL') killStrays(pid, `${command.mark}=${command.env[command.mark]}`);
  };
  const forget = endAtExit(() => signalTree('SIGKILL'));
  const exited = new Promise<Exit>(resolve => {
    child.once('exit', (exitCode, signal) => {
      // What it started does not outlive it, and lets go of its pipes, so that their ends come.
      signalTree('SIGKILL');
      forget();
      resolve({ exitCode, signal });
    });
  });
  const stderrClosed = new Promise<void>(resolve => stderr.once('close', resolve));
  let tail = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-stderrTailLength);
    onStderr?.(text);
  });
  // A process that never reads or is gone breaks the pipe; its exit says so better than EPIPE does.
  stdin.on('error', () => {});

  return {
    pid,
    stdin,
    stdout,
    exited,
    stderrClosed,
    stderrTail: () => tail,
    keepAlive(keep) {
      const handles = [child, stdin, stdout, stderr] as { ref?(): void; unref?(): void }[];
      for (const handle of handles) keep ? handle.ref?.() : handle.unref?.();
    },
    signalTree,
    closePipes() {
      for (const pipe of [stdin, stdout, stderr]) pipe.destroy();
    },
  };
}

async function startChild(command: Command) {
  let created: ChildProcess | undefined;
  const note = (message: unknown) => {
    created = (message as { process: ChildProcess }).process;
  };
  subscribe('child_process', note);
  try {
    return {
      child: execa(...withParentDeathSignal(command), {
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
      }),
    };
  } catch (error) {
    // Out of descriptors: execa lets go of such a process, and its `error` event would end this program.
    const known = created && created.pid === undefined ? (await once(created, 'error'))[0] : error;
    throw spawnFailure(command, known);
  } finally {
    unsubscribe('child_process', note);
  }
}

/**
 * On Linux the kernel ends the process when this one dies, even by SIGKILL, which no handler sees. By SIGTERM, because
 * the CLI then ends its tools, which a SIGKILL would leave behind.
 */
function withParentDeathSignal({ file, args }: Command): [string, readonly string[]] {
  return setpriv ? [setpriv, ['--pdeathsig', 'TERM', '--', file, ...args]] : [file, args];
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

function spawnFailure({ file, cwd }: Command, cause: unknown): Error {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return new InvalidOptionError('cwd', cwd, 'the path of an existing directory');
  }
  const unusable = ['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR', 'EISDIR', 'UNKNOWN'].includes(errno);
  return unusable ? new CliNotExecutableError(file, errno, cause) : new SpawnError(errno, cause);
}
