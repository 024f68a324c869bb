import { type CallLimits, createCallAbort } from '../abort.ts';
import { leavable } from '../leavable.ts';

/**
 * One run of a generator for several readers: each gets every value from the first. The fastest reader pulls, nothing
 * is read ahead, a failure is everybody's, and the run ends when its last reader leaves.
 */
export class SharedRun<Value, Result> {
  readonly #source: AsyncGenerator<Value, Result, undefined>;
  readonly #onIdle: () => void;
  readonly #values: Value[] = [];
  /** Stays when it fails. */
  #pull: Promise<void> | undefined;
  #result: { value: Result } | undefined;
  #readers = 0;

  /** `source` is leavable. `onIdle` is called when nobody reads any more: from then on nobody may join. */
  constructor(source: AsyncGenerator<Value, Result, undefined>, onIdle: () => void) {
    this.#source = source;
    this.#onIdle = onIdle;
  }

  /** Everything from the first value on, within the reader's own limits: they end his reading, not the run. */
  join(limits: CallLimits): AsyncGenerator<Value, Result, undefined> {
    const leave = new AbortController();
    const signals = [leave.signal, ...limits.signals];
    return leavable(this.#read({ ...limits, signals }, leave.signal), () => leave.abort());
  }

  async *#read(limits: CallLimits, left: AbortSignal): AsyncGenerator<Value, Result, undefined> {
    const { signal, startTimeout, dispose } = createCallAbort(limits);
    let refuse = (_reason: unknown) => {};
    const abort = () => refuse(signal.reason);
    signal.addEventListener('abort', abort);
    startTimeout();
    this.#readers += 1;
    try {
      for (let index = 0; ; index++) {
        while (index >= this.#values.length) {
          if (this.#result) return this.#result.value;
          this.#pull ??= this.#next();
          const pull = this.#pull;
          await new Promise<void>((resolve, reject) => {
            refuse = reject;
            if (signal.aborted) abort();
            pull.then(resolve, reject);
          });
        }
        signal.throwIfAborted();
        yield this.#values[index] as Value;
      }
    } catch (error) {
      // Whoever left gets no error, only the end.
      if (left.aborted && error === left.reason) return undefined as never;
      throw error;
    } finally {
      dispose();
      await this.#leave();
    }
  }

  async #next(): Promise<void> {
    const { value, done } = await this.#source.next();
    if (done) this.#result = { value };
    else this.#values.push(value);
    this.#pull = undefined;
  }

  /** The last reader waits until the run is over. */
  async #leave(): Promise<void> {
    this.#readers -= 1;
    if (this.#readers > 0) return;
    this.#onIdle();
    await this.#source.return(undefined as never);
  }
}
