/**
 * One run of a generator for several readers: each gets every value from the first. The fastest reader pulls, nothing
 * is read ahead, and the run ends when its last reader leaves.
 */
export class SharedRun<Value, Result> {
  readonly #source: AsyncGenerator<Value, Result, undefined>;
  readonly #onIdle: () => void;
  readonly #values: Value[] = [];
  /** Stays when it fails: every reader gets the failure. */
  #pull: Promise<void> | undefined;
  #result: { value: Result } | undefined;
  #readers = 0;

  /** `onIdle` is called when nobody reads any more: from then on nobody may join. */
  constructor(source: AsyncGenerator<Value, Result, undefined>, onIdle: () => void) {
    this.#source = source;
    this.#onIdle = onIdle;
  }

  /** Everything from the first value on. Whoever joins leaves. */
  join(): AsyncGenerator<Value, Result, undefined> {
    this.#readers += 1;
    return this.#read();
  }

  /** Resolves when the run is over, if this was its last reader. */
  async leave(): Promise<void> {
    this.#readers -= 1;
    if (this.#readers > 0) return;
    this.#onIdle();
    await this.#source.return(undefined as never);
  }

  async *#read(): AsyncGenerator<Value, Result, undefined> {
    for (let index = 0; ; index++) {
      while (index >= this.#values.length) {
        if (this.#result) return this.#result.value;
        this.#pull ??= this.#next();
        await this.#pull;
      }
      yield this.#values[index] as Value;
    }
  }

  async #next(): Promise<void> {
    const { value, done } = await this.#source.next();
    if (done) this.#result = { value };
    else this.#values.push(value);
    this.#pull = undefined;
  }
}
