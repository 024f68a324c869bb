import { fingerprint } from './fingerprint.ts';
import type { WireMessage } from './plan.ts';

/** A message the worker holds. Only a user message that is no tool result can be rewound to; it has a uuid. */
interface HeldMessage {
  fingerprint: string;
  uuid: string | undefined;
}

/** The conversation in a worker's memory, as its messages went in. */
export class HeldConversation {
  readonly #messages: HeldMessage[] = [];
  /** Length before the last question. */
  #before = 0;

  get length(): number {
    return this.#messages.length;
  }

  /** How much is left when the last question is taken back: what follows a tool result goes with the question before it. */
  get lengthBeforeQuestion(): number {
    return this.#rewindable(this.#before);
  }

  add(message: WireMessage, uuid?: string): void {
    this.#messages.push({ fingerprint: fingerprint(message), uuid });
  }

  ask(question: WireMessage, uuid?: string): void {
    this.#before = this.#messages.length;
    this.add(question, uuid);
  }

  /** How many of these messages, from the first on, are held and need not go when what follows them does. */
  sharedLength(history: readonly WireMessage[]): number {
    const same = this.#sameLength(history);
    return same < this.#messages.length ? this.#rewindable(same) : same;
  }

  /** Whether these messages are held, and no others. */
  is(history: readonly WireMessage[]): boolean {
    return history.length === this.#messages.length && this.#sameLength(history) === history.length;
  }

  /** The messages to rewind to, one after the other, so that `length` are left: the newest first. */
  rewindTargets(length: number): string[] {
    return this.#messages
      .slice(length)
      .flatMap(({ uuid }) => uuid ?? [])
      .reverse();
  }

  cut(length: number): void {
    this.#messages.length = length;
  }

  #sameLength(history: readonly WireMessage[]): number {
    const different = history.findIndex(
      (message, index) => this.#messages[index]?.fingerprint !== fingerprint(message),
    );
    return different === -1 ? history.length : different;
  }

  #rewindable(length: number): number {
    let left = length;
    while (left > 0 && this.#messages[left]?.uuid === undefined) left--;
    return left;
  }
}
