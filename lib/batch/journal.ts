import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { linesOf } from '../process/lines.ts';
import { privateFile, replaceFile } from '../stores/private-files.ts';

/** A file of JSON lines that is only appended to, and survives whatever kills its writer. */
export interface Journal {
  /** Resolves when the line is in the hands of the system: from then on only a crash of the machine loses it. */
  append(value: object): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal for appending. A last line without its line end was torn off when its writer died: it is removed.
 * `onLine` is called for each line that is there, and throws for one that does not belong.
 * @throws when a line is not JSON or does not belong: the file is not this journal, and nothing in it is changed.
 */
export async function openJournal(path: string, onLine: (value: unknown) => void): Promise<Journal> {
  const file = await open(path, 'a+', privateFile);
  try {
    const complete = await completeLength(file);
    if (complete > 0) await readJournal(path, complete, onLine);
    await file.truncate(complete);
  } catch (error) {
    await file.close();
    throw error;
  }
  let last = Promise.resolve();
  return {
    append(value) {
      last = last.then(() => file.appendFile(`${JSON.stringify(value)}\n`));
      return last;
    },
    async close() {
      await last.catch(() => {});
      await file.close();
    },
  };
}

/** Rewrites a journal without the lines that `keep` does not want. */
export async function filterJournal(path: string, keep: (value: unknown) => boolean): Promise<void> {
  const lines: string[] = [];
  const file = await open(path).catch(() => undefined);
  if (!file) return;
  const complete = await completeLength(file).finally(() => file.close());
  if (complete > 0) {
    await readJournal(path, complete, value => {
      if (keep(value)) lines.push(`${JSON.stringify(value)}\n`);
    });
  }
  await replaceFile(path, lines.join(''));
}

export async function readJournal(
  path: string,
  length: number,
  onLine: (value: unknown) => void,
): Promise<void> {
  let number = 0;
  for await (const line of linesOf(createReadStream(path, { end: length - 1 }), Number.POSITIVE_INFINITY)) {
    number += 1;
    if (String(line).trim() === '') continue;
    const value = parse(String(line), path, number);
    try {
      onLine(value);
    } catch (cause) {
      throw new Error(`${path}:${number} is no result: the file is left as it is.`, { cause });
    }
  }
}

/** Bytes up to and including the last line end. */
export async function completeLength(file: FileHandle): Promise<number> {
  const block = Buffer.alloc(64 * 1024);
  for (let end = (await file.stat()).size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const at = block.subarray(0, bytesRead).lastIndexOf('\n');
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return 0;
}

function parse(line: string, path: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`${path}:${number} is not JSON: the file is left as it is.`, { cause });
  }
}
