import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** For files only their owner reads: they hold prompts, answers or what was spent. */
export const privateFile = 0o600;

/** Makes a folder that only its owner enters. One that is there keeps its mode. @returns the path */
export function makePrivateDirectory(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Ends the name of a file that is not complete yet. */
export const temporarySuffix = '.tmp';

/**
 * Writes a file that is there completely or not at all, whoever reads or dies meanwhile: a temporary file, renamed.
 * `expires` becomes its mtime.
 */
export async function replaceFile(path: string, content: string, expires?: Date): Promise<void> {
  const temporary = `${path}.${randomUUID()}${temporarySuffix}`;
  try {
    const file = await open(temporary, 'wx', privateFile);
    try {
      await file.writeFile(content);
      if (expires) await file.utimes(new Date(), expires);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The user's folder for what can be made again: `XDG_CACHE_HOME`, or what the system has in its place. */
export function userCacheDirectory(): string {
  return join(cacheHome(), 'claude-cli-stream');
}

function cacheHome(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return XDG_CACHE_HOME;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}
