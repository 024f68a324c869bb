import { createInterface, type Interface } from 'node:readline';
import { Interruption } from './interruption.ts';

/** The user's messages, from a terminal or, line by line, from a pipe. */
export interface LineReader {
  /** The next one; undefined at the end of the input. @throws the reason of an aborted `signal`, or an `Interruption`. */
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

/** Asks only while it waits: in between, keys are others' to take. */
function fromTerminal(): LineReader {
  const { stdin, stdout } = process;
  let history: string[] = [];
  let open: Interface | undefined;
  return {
    next: signal =>
      new Promise((resolve, reject) => {
        stdout.write('\n');
        const lines = createInterface({ input: stdin, output: stdout, history, prompt: '> ' });
        open = lines;
        let answered = false;
        const abandon = () => {
          reject(signal.reason);
          lines.close();
        };
        lines.on('history', latest => {
          history = latest;
        });
        lines.on('SIGINT', () => {
          if (lines.line !== '') return dropLine(lines);
          reject(new Interruption('SIGINT'));
          lines.close();
        });
        lines.once('close', () => {
          signal.removeEventListener('abort', abandon);
          // Ctrl-D and Ctrl-C leave the cursor behind the prompt.
          if (!answered) stdout.write('\n');
          resolve(undefined);
        });
        signal.addEventListener('abort', abandon, { once: true });
        onMessage(lines, message => {
          answered = true;
          resolve(message);
          lines.close();
        });
        lines.prompt();
      }),
    close: () => open?.close(),
  };
}

/** Enter ends a message; the line ends in a text that is pasted do not: they come in one piece with what follows them. */
function onMessage(lines: Interface, send: (message: string) => void): void {
  const message: string[] = [];
  let inThisPiece = 0;
  const look = () => {
    const pasted = inThisPiece > 1 || lines.line !== '';
    inThisPiece = 0;
    if (!pasted) send(message.join('\n').replace(/\n$/, ''));
  };
  lines.on('line', line => {
    message.push(line);
    if (inThisPiece++ === 0) setImmediate(look);
  });
}

/** At the prompt, Ctrl-C drops what was typed; without that, it leaves. */
function dropLine(lines: Interface): void {
  lines.write(null, { ctrl: true, name: 'e' });
  lines.write(null, { ctrl: true, name: 'u' });
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
