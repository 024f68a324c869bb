import { lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * The empty directory the CLI works in by default. The same path for every call of a user, because the CLI tells the
 * model its working directory, and a text that changes would spoil the provider's prompt cache.
 */
export function emptyDirectory(): string {
  return privateDirectory(join(baseDirectory(), 'empty'));
}

/** A new directory for one worker's temporary files: the CLI leaves sockets and folders behind. */
export function makeWorkerDirectory(): string {
  return mkdtempSync(join(baseDirectory(), 'w-'));
}

/** Best effort: a file that cannot be removed must not turn a finished call into a failed one. */
export async function removeWorkerDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}

function baseDirectory(): string {
  // Short, because the path of a socket in it must stay under 104 bytes.
  return privateDirectory(join(tmpdir(), `claude-cli-stream-${userInfo().uid}`));
}

/** In a folder where others can write, a directory of the expected name may be somebody else's. */
function privateDirectory(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return path;
  const found = lstatSync(path);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return path;
  throw new Error(
    `${path} is not a private directory of this user. Remove it, or set TMPDIR to a directory of your own.`,
  );
}
