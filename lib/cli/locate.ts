import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { CliNotExecutableError, CliNotFoundError } from '../errors.ts';

export interface LocateOptions {
  pathToClaudeCodeExecutable?: string;
  env?: Record<string, string | undefined>;
}

/**
 * Path of the Claude CLI: the option, `CLAUDE_CODE_EXECUTABLE`, PATH, a local `node_modules`, the usual install folders.
 * @throws {CliNotFoundError} with every place looked at, {CliNotExecutableError} when a path that was asked for cannot run.
 */
export function locateCli(options: LocateOptions = {}): string {
  const env = { ...process.env, ...options.env };
  const asked = options.pathToClaudeCodeExecutable ?? env.CLAUDE_CODE_EXECUTABLE;
  if (asked !== undefined && asked !== '') return locateAsked(asked, env);

  const candidates = [...onPath('claude', env), ...inNodeModules(), ...installFolders()];
  const found = candidates.find(path => whyUnusable(path) === undefined);
  if (found === undefined) throw new CliNotFoundError([...new Set(candidates)]);
  return found;
}

function locateAsked(asked: string, env: NodeJS.ProcessEnv): string {
  const bareName = !isAbsolute(asked) && dirname(asked) === '.' && !asked.startsWith('.');
  if (!bareName) return usable(resolve(asked));
  const candidates = onPath(asked, env);
  const found = candidates.find(path => whyUnusable(path) === undefined);
  if (found === undefined) throw new CliNotFoundError(candidates);
  return found;
}

function usable(path: string): string {
  const why = whyUnusable(path);
  if (why === 'missing') throw new CliNotFoundError([path]);
  if (why !== undefined) throw new CliNotExecutableError(path, why);
  return path;
}

function whyUnusable(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return 'missing';
    if (found.isDirectory()) return 'it is a directory';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    // Of the file, or of a folder on the way to it.
    return 'no permission to execute it';
  }
}

function onPath(name: string, env: NodeJS.ProcessEnv): string[] {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter(folder => folder !== '');
  return folders.flatMap(folder => executableNames(name).map(file => join(folder, file)));
}

function executableNames(name: string): string[] {
  return process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name];
}

/** The binary lies in a package per platform; it is there even where no install script ran. */
function inNodeModules(): string[] {
  const platforms = [`${process.platform}-${process.arch}`, `${process.platform}-${process.arch}-musl`];
  const packages = platforms.flatMap(platform => [`claude-code-${platform}`, `claude-agent-sdk-${platform}`]);
  const file = process.platform === 'win32' ? 'claude.exe' : 'claude';
  return [process.cwd(), import.meta.dirname]
    .flatMap(upwards)
    .flatMap(folder => packages.map(name => join(folder, 'node_modules', '@anthropic-ai', name, file)));
}

function upwards(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}

function installFolders(): string[] {
  const home = homedir();
  const posix = [
    join(home, '.local', 'bin', 'claude'),
    join(home, '.claude', 'local', 'claude'),
    '/usr/local/bin/claude',
    '/opt/homebrew/bin/claude',
    '/usr/bin/claude',
  ];
  const windows = [
    join(home, '.local', 'bin', 'claude.exe'),
    join(process.env.APPDATA ?? join(home, 'AppData', 'Roaming'), 'npm', 'claude.cmd'),
  ];
  return process.platform === 'win32' ? windows : posix;
}
