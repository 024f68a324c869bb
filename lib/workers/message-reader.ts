import type { Readable } from 'node:stream';
import type { CliMessage } from '../cli/messages.ts';
import { parseLine } from '../cli/parse-line.ts';
import { ProtocolError } from '../errors.ts';
import { lineBatchesOf } from '../process/lines.ts';
import type { RunningProcess } from '../process/spawn.ts';

/** Milliseconds of silence after which the output of a process that is gone is over, whoever holds it open. */
const lastWordsGrace = 500;

/** Reads what a process prints, message by message, for one reader at a time. What he does not read stays in the pipe. */
export class MessageReader {
  readonly #process: RunningProcess;
  readonly #batches: Readable;
  /** Lines that came together, and how many of them are read. */
  #lines: readonly string[] = [];
  #linesRead = 0;
  #finished = false;
  /** The process has exited; its last lines may still be in the pipe. */
  #gone = false;
  #failure: { reason: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(running: RunningProcess, maxLineLength: number) {
    this.#process = running;
    this.#batches = lineBatchesOf(running.stdout, maxLineLength);
    this.#batches.on('readable', () => this.#wake?.());
    this.#batches.once('end', this.#finish).once('close', this.#finish);
    this.#batches.once('error', error => this.fail(error));
    void running.exited.then(() => {
      this.#gone = true;
      this.#wake?.();
    });
  }

  readonly #finish = () => {
    this.#finished = true;
    this.#wake?.();
  };

  /** The next message if it is here already. @throws {ProtocolError} for a line that is none */
  poll(): CliMessage | undefined {
    for (;;) {
      if (this.#failure) throw this.#failure.reason;
      const line = this.#nextLine();
      if (line === undefined) return undefined;
      const parsed = parseLine(line);
      if (parsed.ok) return parsed.message;
      if (line.trim() === '') continue;
      if (this.#isLast()) return undefined;
      throw new ProtocolError(parsed.problem, line, parsed.cause);
    }
  }

  /** The next message; undefined when the output is at its end. */
  async next(): Promise<CliMessage | undefined> {
    let silence: NodeJS.Timeout | undefined;
    for (;;) {
      const message = this.poll();
      if (message || this.#finished) return message;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
        if (this.#gone) silence = setTimeout(this.#finish, lastWordsGrace);
      });
      clearTimeout(silence);
      this.#wake = undefined;
    }
  }

  /** Makes the pending and every later read throw `reason`. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#wake?.();
  }

  /** Nobody reads any more, and a process that still writes must not wait for a reader. */
  discard(): void {
    this.#batches.removeAllListeners('readable').resume();
  }

  close(): void {
    this.#batches.destroy();
  }

  #nextLine(): string | undefined {
    if (this.#linesRead >= this.#lines.length) {
      this.#lines = this.#batches.read() ?? [];
      this.#linesRead = 0;
    }
    return this.#lines[this.#linesRead++];
  }

  /** A process that dies in the middle of a line leaves a piece of one: its exit tells more than that piece. */
  #isLast(): boolean {
    const { stdout } = this.#process;
    return (
      stdout.readableEnded && this.#batches.readableLength === 0 && this.#linesRead >= this.#lines.length
    );
  }
}
