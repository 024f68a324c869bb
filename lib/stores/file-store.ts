import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './canonical-hash.ts';
import { makePrivateDirectory, replaceFile, temporarySuffix, userCacheDirectory } from './private-files.ts';

/** Options of `createFileStore()`. */
export interface FileStoreOptions {
  /** Made with mode 0700 where it is missing; of no other use. Default: `claude-cli-stream/responses` in the user's cache folder. */
  directory?: string;
  /** Bytes of all entries. Default: 268,435,456 (256 MiB). */
  maxBytes?: number;
  /** Default: 10,000. */
  maxEntries?: number;
}

/** A storage adapter for Keyv. */
export interface FileStore {
  readonly directory: string;
  /** Undefined also where the entry is damaged or too old. */
  get(key: string): Promise<string | undefined>;
  /** `ttl` is milliseconds; without it the entry stays until it is the one least recently used. */
  set(key: string, value: string, ttl?: number): Promise<void>;
  /** Whether there was one. */
  delete(key: string): Promise<boolean>;
  /** Removes every entry, of whatever Keyv namespace. */
  clear(): Promise<void>;
}

/**
 * A Keyv store in a folder: one file of mode 0600 per entry. It survives restarts and is shared by any number of
 * processes: a file is complete or not there, and one that was damaged counts as missing. The entries least recently
 * used go first. Each process counts what it wrote itself and looks at the folder after a sixteenth of the limits, so
 * every process beyond the first may exceed them by that much.
 */
export function createFileStore(options: FileStoreOptions = {}): FileStore {
  const { maxBytes = 256 * 1024 * 1024, maxEntries = 10_000 } = options;
  const directory = makePrivateDirectory(options.directory ?? join(userCacheDirectory(), 'responses'));
  const pathOf = (key: string) => join(directory, `${sha256(key)}${suffix}`);
  // The first write looks at what former processes left.
  let unswept = { bytes: Number.POSITIVE_INFINITY, entries: 0 };

  return {
    directory,
    get: key => readEntry(pathOf(key)),
    async set(key, value, ttl) {
      const content = seal(value);
      await replaceFile(pathOf(key), content, expiry(ttl));
      unswept.bytes += Buffer.byteLength(content);
      unswept.entries += 1;
      if (unswept.bytes < maxBytes / 16 && unswept.entries < maxEntries / 16) return;
      unswept = { bytes: 0, entries: 0 };
      await sweep(directory, (maxBytes / 16) * 15, (maxEntries / 16) * 15);
    },
    delete: key => remove(pathOf(key)),
    async clear() {
      const names = await readdir(directory);
      await Promise.all(names.filter(isOurs).map(name => remove(join(directory, name))));
    },
  };
}

const suffix = '.entry';

/** An mtime that every file system can hold. */
function expiry(ttl = Number.POSITIVE_INFINITY): Date {
  return new Date(Math.min(Date.now() + ttl, Date.UTC(2037, 11, 31)));
}

/** A sweep opens no file: the mtime of an entry is when it expires, its atime when it was last used. */
async function readEntry(path: string): Promise<string | undefined> {
  // Windows sets times only through what may be written.
  const file = await open(path, 'r+').catch(unlessMissing);
  if (!file) return undefined;
  try {
    const { mtime } = await file.stat();
    const value = mtime.getTime() > Date.now() ? unseal(await file.readFile('utf8')) : undefined;
    if (value === undefined) await remove(path);
    else await file.utimes(new Date(), mtime);
    return value;
  } finally {
    await file.close();
  }
}

function seal(value: string): string {
  return `${sha256(value)}\n${value}`;
}

function unseal(content: string): string | undefined {
  const end = content.indexOf('\n');
  const value = content.slice(end + 1);
  return content.slice(0, end) === sha256(value) ? value : undefined;
}

/** Removes what expired and what a killed process left half-written, then the least recently used. */
async function sweep(directory: string, maxBytes: number, maxEntries: number): Promise<void> {
  const kept: { path: string; bytes: number; usedAt: number }[] = [];
  for (const name of (await readdir(directory)).filter(isOurs)) {
    const path = join(directory, name);
    const found = await stat(path).catch(unlessMissing);
    if (!found) continue;
    const unfinished = name.endsWith(temporarySuffix);
    const over = unfinished ? found.ctimeMs < Date.now() - 60_000 : found.mtimeMs <= Date.now();
    if (over) await remove(path);
    else if (!unfinished) kept.push({ path, bytes: found.size, usedAt: found.atimeMs });
  }
  kept.sort((one, other) => other.usedAt - one.usedAt);
  let bytes = 0;
  for (const [index, entry] of kept.entries()) {
    bytes += entry.bytes;
    if (index >= maxEntries || bytes > maxBytes) await remove(entry.path);
  }
}

function isOurs(name: string): boolean {
  return name.endsWith(suffix) || name.endsWith(temporarySuffix);
}

async function remove(path: string): Promise<boolean> {
  return rm(path).then(
    () => true,
    error => unlessMissing(error) ?? false,
  );
}

/** Another process may remove any entry at any time. */
function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
