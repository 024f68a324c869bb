import { lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { SpawnError } from '../errors.ts';

/**
 * The empty directory the CLI works in by default. The same path for every call of a user, because the CLI tells the
 * model its working directory, and a text that changes would spoil the provider's prompt cache.
 */
export function emptyDirectory(): string {
  return privateDirectory(join(baseDirectory(), 'empty'));
}

/** A new directory for one worker's temporary files: the CLI leaves sockets and folders behind. */
export function makeWorkerDirectory(): string {
  const base = baseDirectory();
  return orSpawnError(() => mkdtempSync(join(base, 'w-')));
}

/** A file only its owner reads: the settings hold tokens, and a command line is public. @returns its path */
export function writeMcpConfig(directory: string, mcpServers: Record<string, unknown>): string {
  const path = join(directory, 'mcp.json');
  writeFileSync(path, JSON.stringify({ mcpServers }), { mode: 0o600 });
  return path;
}

/** Best effort: a file that cannot be removed must not turn a finished call into a failed one. */
export async function removeWorkerDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}

/** The same when this program ends and can wait for nothing. */
export function removeWorkerDirectoryNow(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // A process that was just killed may still write there.
  }
}

function baseDirectory(): string {
  // Short, because the path of a socket in it must stay under 104 bytes.
  const user = process.getuid?.() ?? userInfo().username;
  return privateDirectory(join(tmpdir(), `claude-cli-stream-${user}`));
}

/** In a folder where others can write, a directory of the expected name may be somebody else's. */
function privateDirectory(path: string): string {
  orSpawnError(() => mkdirSync(path, { recursive: true, mode: 0o700 }));
  if (process.platform === 'win32') return path;
  const found = lstatSync(path);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return path;
  const advice = 'Remove it, or set TMPDIR to a directory of your own.';
  throw new SpawnError('EPERM', new Error(`${path} is not a private directory of this user. ${advice}`));
}

/** Without its directories the CLI cannot be started. */
function orSpawnError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new SpawnError(error instanceof Error && 'code' in error ? String(error.code) : 'unknown', error);
  }
}
