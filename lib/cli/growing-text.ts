/**
 * Text that grows by many small pieces. `+=` would keep every piece alive to the end, and a node of a tree for each;
 * joined some at a time, they are gone before the garbage collector has to move them.
 */
export class GrowingText {
  #joined = '';
  #pieces: string[] = [];

  append(piece: string): void {
    this.#pieces.push(piece);
    if (this.#pieces.length >= 256) this.#join();
  }

  /** Takes back the last `length` characters. */
  cut(length: number): void {
    this.#join();
    this.#joined = this.#joined.slice(0, this.#joined.length - length);
  }

  toString(): string {
    this.#join();
    return this.#joined;
  }

  #join(): void {
    if (this.#pieces.length > 0) this.#joined += this.#pieces.join('');
    this.#pieces = [];
  }
}
