import { nowMs } from './clock.ts';

/** One way of asking. */
export interface Path {
  readonly name: string;
  /** What may happen before a question is there: not timed. */
  prepare?(): Promise<void>;
  /** Asks, tells `mark` what comes, and resolves when the path is ready for whatever is next. */
  ask(prompt: string, mark: Mark): Promise<void>;
  close?(): Promise<void> | void;
}

/** Takes the time of the first text and of the result. */
export class Mark {
  readonly #onResult: () => void;
  startedAt = 0;
  textAt: number | undefined;
  resultAt: number | undefined;

  constructor(onResult: () => void = () => {}) {
    this.#onResult = onResult;
  }

  start(): void {
    this.startedAt = nowMs();
  }

  text(): void {
    this.textAt ??= nowMs();
  }

  result(): void {
    if (this.resultAt !== undefined) return;
    this.resultAt = nowMs();
    this.#onResult();
  }
}
