import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDirectory, replaceFile, temporarySuffix } from '../stores/private-files.ts';

/** One request of a message batch, as it was sent. */
export interface BatchRequest {
  custom_id: string;
  params: Record<string, unknown>;
}

/** What does not change after a batch was created. */
export interface BatchFacts {
  id: string;
  created_at: string;
  expires_at: string;
  /** Number of requests. */
  total: number;
  /** `anthropic-version` and `anthropic-beta` it was created with. */
  headers: Record<string, string>;
}

export interface RequestCounts {
  processing: number;
  succeeded: number;
  errored: number;
  canceled: number;
  expired: number;
}

/** Message batches on disk, a folder each. A file that is there is complete, so every process sees the same. */
export interface BatchStore {
  create(requests: readonly BatchRequest[], headers: Record<string, string>): Promise<BatchFacts>;
  /** Newest first. */
  ids(): Promise<string[]>;
  /** Removes what was half made or half deleted when its process was killed. */
  sweep(): Promise<void>;
  find(id: string): BatchFacts | undefined;
  canceledAt(id: string): string | undefined;
  ended(id: string): { at: string; counts: RequestCounts } | undefined;
  cancel(id: string): Promise<void>;
  end(id: string, counts: RequestCounts): Promise<void>;
  delete(id: string): Promise<void>;
  paths(id: string): { requests: string; results: string; lock: string };
}

const hour = 60 * 60 * 1000;

export function openBatchStore(path: string): BatchStore {
  const directory = makePrivateDirectory(path);
  const file = (id: string, name: string) => join(directory, id, name);
  const now = () => new Date().toISOString();

  return {
    async create(requests, headers) {
      const createdAt = Date.now();
      const facts: BatchFacts = {
        id: newId(createdAt),
        created_at: new Date(createdAt).toISOString(),
        expires_at: new Date(createdAt + 24 * hour).toISOString(),
        total: requests.length,
        headers,
      };
      // Complete when it gets its name.
      const unfinished = join(directory, `${facts.id}${temporarySuffix}`);
      await mkdir(unfinished, { mode: 0o700 });
      const lines = requests.map(request => `${JSON.stringify(request)}\n`);
      await replaceFile(join(unfinished, 'requests.jsonl'), lines.join(''));
      await replaceFile(join(unfinished, 'batch.json'), JSON.stringify(facts));
      await rename(unfinished, join(directory, facts.id));
      return facts;
    },
    async ids() {
      const names = await readdir(directory);
      return names.filter(name => idPattern.test(name)).sort((one, other) => (one < other ? 1 : -1));
    },
    async sweep() {
      const names = await readdir(directory);
      for (const name of names.filter(name => name.endsWith(temporarySuffix))) {
        const path = join(directory, name);
        const found = await stat(path).catch(() => undefined);
        if (found && found.mtimeMs < Date.now() - hour) await rm(path, { recursive: true, force: true });
      }
    },
    find: id => (idPattern.test(id) ? readFacts(file(id, 'batch.json')) : undefined),
    canceledAt: id => readFacts<{ at: string }>(file(id, 'canceled.json'))?.at,
    ended: id => readFacts(file(id, 'ended.json')),
    cancel: id => replaceFile(file(id, 'canceled.json'), JSON.stringify({ at: now() })),
    end: (id, counts) => replaceFile(file(id, 'ended.json'), JSON.stringify({ at: now(), counts })),
    async delete(id) {
      // Gone at once, whoever dies meanwhile.
      const going = join(directory, `${id}${temporarySuffix}`);
      await rename(join(directory, id), going);
      await rm(going, { recursive: true, force: true });
    },
    paths: id => ({
      requests: file(id, 'requests.jsonl'),
      results: file(id, 'results.jsonl'),
      lock: file(id, 'lock'),
    }),
  };
}

const idPattern = /^msgbatch_[\da-z]+$/;
let created = 0;

/** In order of creation: time, then number in this process. */
function newId(time: number): string {
  created += 1;
  const order = `${time.toString(36).padStart(9, '0')}${(created % 36 ** 4).toString(36).padStart(4, '0')}`;
  return `msgbatch_${order}${randomBytes(6).toString('hex')}`;
}

/** What cannot be read counts as missing: after a crash of the machine a file may be empty. */
function readFacts<Facts>(path: string): Facts | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
