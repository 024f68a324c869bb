import { Lexer, type Token } from 'marked';
import { printable } from '../printable.ts';
import { blocks } from './blocks.ts';
import type { Style } from './style.ts';

/** Lines of an answer: `final` will not change any more, `live` is the block that is still being written. */
export interface Lines {
  final: string[];
  live: string[];
}

/**
 * Markdown that arrives in pieces. Only the last block can still change its meaning (a line under it makes it a
 * heading, a row widens a table), so everything before it is final and never drawn again.
 */
export class MarkdownStream {
  #tail = '';
  #begun: boolean;

  /** `continued`: something stands above, so an empty line comes first. */
  constructor({ continued = false } = {}) {
    this.#begun = continued;
  }

  /** Text that is not final yet. */
  get pendingLength(): number {
    return this.#tail.length;
  }

  write(text: string): void {
    this.#tail += printable(text);
  }

  /** Takes back the last characters, as far as they are not final. */
  takeBack(length: number): void {
    this.#tail = this.#tail.slice(0, Math.max(this.#tail.length - length, 0));
  }

  /** The lines since the last call. */
  lines(style: Style): Lines {
    const tokens = Lexer.lex(this.#tail);
    const last = tokens.findLastIndex(token => token.raw.trim() !== '');
    const done = tokens.slice(0, Math.max(last, 0));
    const live = blocks(tokens.slice(done.length), style);
    const final = this.#draw(done, style);
    this.#tail = this.#tail.slice(done.reduce((length, token) => length + token.raw.length, 0));
    return { final, live: live.length > 0 && this.#begun ? ['', ...live] : live };
  }

  /** Everything left, as final lines: the text is at its end. */
  flush(style: Style): string[] {
    const { final, live } = this.lines(style);
    this.#tail = '';
    return [...final, ...live];
  }

  #draw(tokens: readonly Token[], style: Style): string[] {
    const lines = blocks(tokens, style);
    if (lines.length === 0) return lines;
    const separated = this.#begun ? ['', ...lines] : lines;
    this.#begun = true;
    return separated;
  }
}
