import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory, privateFile } from './private-files.ts';

/** An amount that was spent: US dollars, and tokens of every kind. */
export interface Spend {
  usd: number;
  tokens: number;
}

/**
 * What was spent in each window of time, in one file per window that any number of processes append to. Synchronous:
 * an entry is one small write, and a process that dies right after it has told what it spent.
 */
export interface Ledger {
  /** Never throws: what cannot be written counts in this process, with a warning, and is written with the next entry. */
  add(window: string, spend: Spend): void;
  /** @throws what the system says when a file cannot be read */
  total(window: string): Spend;
}

/** Without a directory the ledger is in memory only. */
export function openLedger(directory: string | undefined): Ledger {
  return directory === undefined ? memoryLedger() : fileLedger(makePrivateDirectory(directory));
}

function memoryLedger(): Ledger {
  let current = { window: '', usd: 0, tokens: 0 };
  const enter = (window: string) => {
    if (current.window !== window) current = { window, usd: 0, tokens: 0 };
    return current;
  };
  return {
    add: (window, spend) => addTo(enter(window), spend),
    total: enter,
  };
}

function fileLedger(directory: string): Ledger {
  let read = unread('');
  /** What could not be written yet: the disk is full, say. */
  let waiting: (Spend & { window: string; at: string })[] = [];

  const write = () => {
    for (let entry = waiting[0]; entry; entry = waiting[0]) {
      const { window, ...line } = entry;
      // The system appends a small write as a whole, whoever else writes. It begins with a line end, so that what a
      // killed process or a full disk tore off spoils no entry but its own.
      appendFileSync(pathOf(directory, window), `\n${JSON.stringify(line)}\n`, { mode: privateFile });
      waiting = waiting.slice(1);
    }
  };
  return {
    add(window, { usd, tokens }) {
      waiting.push({ window, at: new Date().toISOString(), usd, tokens });
      try {
        write();
      } catch (error) {
        const first = waiting.length === 1;
        if (first) process.emitWarning(`What was spent cannot be written and counts here only: ${error}`);
      }
    },
    total(window) {
      const path = pathOf(directory, window);
      if (read.path !== path) read = unread(path);
      readOn(read);
      const sum = { usd: read.usd, tokens: read.tokens };
      for (const entry of waiting) if (entry.window === window) addTo(sum, entry);
      return sum;
    },
  };
}

function pathOf(directory: string, window: string): string {
  return join(directory, `${window}.jsonl`);
}

/** What is known of a file: its sum up to an offset. */
interface Reading extends Spend {
  path: string;
  inode: number;
  offset: number;
}

function unread(path: string): Reading {
  return { path, inode: -1, offset: 0, usd: 0, tokens: 0 };
}

/** Adds what was appended since the last time; starts anew when the file was replaced. */
function readOn(read: Reading): void {
  const file = openExisting(read.path);
  if (file === undefined) {
    Object.assign(read, unread(read.path));
    return;
  }
  try {
    const { ino, size } = fstatSync(file);
    if (ino !== read.inode || size < read.offset) Object.assign(read, unread(read.path), { inode: ino });
    const tail = Buffer.alloc(size - read.offset);
    const length = readSync(file, tail, 0, tail.length, read.offset);
    const complete = tail.subarray(0, tail.lastIndexOf('\n', length - 1) + 1);
    read.offset += complete.length;
    for (const line of complete.toString().split('\n')) addLine(read, line);
  } finally {
    closeSync(file);
  }
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function addLine(total: Spend, line: string): void {
  if (line === '') return;
  try {
    const { usd, tokens }: Partial<Spend> = JSON.parse(line);
    if (!Number.isFinite(usd) || !Number.isFinite(tokens)) return;
    addTo(total, { usd: Number(usd), tokens: Number(tokens) });
  } catch {
    // A torn line tells no amount.
  }
}

function addTo(total: Spend, { usd, tokens }: Spend): void {
  total.usd += usd;
  total.tokens += tokens;
}
