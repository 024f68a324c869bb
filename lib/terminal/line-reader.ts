import { createInterface, type Interface } from 'node:readline';
import { Interruption } from './interruption.ts';

/** The user's lines, from a terminal or from a pipe. */
export interface LineReader {
  /** The next line; undefined at the end of the input. @throws the reason of an aborted `signal`, or an `Interruption`. */
  next(signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

/** `first` is handed out before anything is read. */
export function openLines(first?: string): LineReader {
  const reader = process.stdin.isTTY ? fromTerminal() : fromPipe();
  let pending = first;
  return {
    ...reader,
    async next(signal) {
      if (pending === undefined) return reader.next(signal);
      const line = pending;
      pending = undefined;
      return line;
    },
  };
}

/** Asks only while it waits: in between, Ctrl-C is a signal again. */
function fromTerminal(): LineReader {
  const { stdin, stdout } = process;
  const history: string[] = [];
  let open: Interface | undefined;
  return {
    next: signal =>
      new Promise((resolve, reject) => {
        const lines = createInterface({ input: stdin, output: stdout, history });
        open = lines;
        const abandon = () => {
          reject(signal.reason);
          lines.close();
        };
        lines.once('SIGINT', () => {
          stdout.write('\n');
          reject(new Interruption('SIGINT'));
          lines.close();
        });
        lines.once('close', () => {
          signal.removeEventListener('abort', abandon);
          resolve(undefined);
        });
        signal.addEventListener('abort', abandon, { once: true });
        lines.question('\n> ', line => {
          history.unshift(line);
          resolve(line);
          lines.close();
        });
      }),
    close: () => open?.close(),
  };
}

function fromPipe(): LineReader {
  const lines = createInterface({ input: process.stdin });
  const iterator = lines[Symbol.asyncIterator]();
  return {
    async next(signal) {
      const close = () => lines.close();
      signal.addEventListener('abort', close, { once: true });
      const { value, done } = await iterator.next();
      signal.removeEventListener('abort', close);
      signal.throwIfAborted();
      return done ? undefined : value;
    },
    close: () => lines.close(),
  };
}
