import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import split2 from 'split2';
import { ProtocolError } from '../errors.ts';

/** Splits a process's output into lines, of which the last may be unterminated. Pull-based: what is not read stays in the pipe. */
export function linesOf(output: Readable, maxLineLength: number): Readable {
  return lineBatchesOf(output, maxLineLength).flatMap((lines: string[]) => lines);
}

/** The same lines in arrays, as they came: one step through a stream costs more than splitting off a line. */
export function lineBatchesOf(output: Readable, maxLineLength: number): Readable {
  // The callback is not needed: an error or an early end destroys the last stream, whose reader learns of it.
  return pipeline(output, new LineBatches(maxLineLength), () => {});
}

const newline = 0x0a;

/**
 * Hands split2 pieces that end with a newline and keeps the rest back. split2 rescans its remainder on every chunk,
 * which is quadratic for a long line; handed only whole lines it never has a remainder.
 */
class LineBatches extends Transform {
  readonly #maxLineLength: number;
  /** Calls its mapper while it is written to, and as that keeps every line, nothing ever waits in it. */
  readonly #splitter = split2('\n', (line: string) => void this.#lines.push(withoutReturn(line)));
  #lines: string[] = [];
  #kept: Buffer[] = [];
  #keptLength = 0;

  constructor(maxLineLength: number) {
    // One batch is made of one chunk, and no further chunk is taken before it is read.
    super({ readableObjectMode: true, readableHighWaterMark: 1 });
    this.#maxLineLength = maxLineLength;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#isTooLong(chunk)) {
      this.#keep(chunk);
      const problem = `a line is longer than ${this.#maxLineLength} bytes (raise maxLineLength)`;
      done(new ProtocolError(problem, this.#take().toString('utf8', 0, 200)));
      return;
    }
    const end = chunk.lastIndexOf(newline) + 1;
    // Of this chunk only the end of a line that began earlier is copied.
    const firstEnd = this.#keptLength > 0 ? chunk.indexOf(newline) + 1 : 0;
    if (firstEnd > 0) {
      this.#keep(chunk.subarray(0, firstEnd));
      this.#splitter.write(this.#take());
    }
    if (end > firstEnd) this.#splitter.write(chunk.subarray(firstEnd, end));
    this.#pushLines();
    this.#keep(chunk.subarray(end));
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#keptLength > 0) this.#lines.push(withoutReturn(this.#take().toString()));
    this.#pushLines();
    done();
  }

  #pushLines(): void {
    if (this.#lines.length > 0) this.push(this.#lines);
    this.#lines = [];
  }

  /** Whether a line that goes on or begins in this chunk exceeds the limit. */
  #isTooLong(chunk: Buffer): boolean {
    let start = -this.#keptLength;
    if (chunk.length - start <= this.#maxLineLength) return false;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      if (end - start > this.#maxLineLength) return true;
      start = end + 1;
    }
    return chunk.length - start > this.#maxLineLength;
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#kept.push(piece);
    this.#keptLength += piece.length;
  }

  #take(): Buffer {
    const [first] = this.#kept;
    const joined = this.#kept.length === 1 && first ? first : Buffer.concat(this.#kept);
    this.#kept = [];
    this.#keptLength = 0;
    return joined;
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
