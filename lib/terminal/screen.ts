import stringWidth from 'string-width';
import { wrapAnywhere } from './markdown/wrap.ts';

/** What a `Screen` needs of `process.stdout`. */
export interface TerminalOutput {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * The end of a terminal's output, of which the last lines may still change. Everything above them is ordinary output
 * and scrolls away as such. Each drawing is one write that rewrites changed lines only, so nothing flickers. A line
 * that is wider than the screen is left to the terminal to wrap: copied from there, it is one line again.
 */
export class Screen {
  readonly #output: TerminalOutput;
  #live: readonly string[] = [];
  #drawnColumns = 0;

  constructor(output: TerminalOutput) {
    this.#output = output;
  }

  /** A terminal that does not know its size says 0. */
  get columns(): number {
    return Math.max(this.#output.columns || 80, 10);
  }

  /** Somebody else has written: what was live stays as it is, and drawing begins anew below. */
  leave(): void {
    this.#live = [];
  }

  /** Replaces the live lines by `final` ones, which stay, and new `live` ones. */
  draw(final: readonly string[], live: readonly string[] = []): void {
    const next = [...final, ...live];
    const { columns } = this;
    // After a resize the terminal has wrapped the lines anew: where they differ is not known any more.
    const resized = columns !== this.#drawnColumns;
    const same = resized ? 0 : firstDifference(this.#live, next);
    const height = heightOf(this.#live.slice(same), columns);
    // What has scrolled away is out of reach.
    const reachable = Math.max((this.#output.rows || 24) - 1, 1);
    const hidden = resized ? 0 : Math.max(height - reachable, 0);
    const up = Math.min(height, reachable);
    const changed = withoutRows(next.slice(same), hidden, columns);
    this.#live = live;
    this.#drawnColumns = columns;
    if (up === 0 && changed.length === 0) return;
    // Row by row: some terminals take erasing the whole screen as a reason to keep its content in the scrollback.
    const emptied = Math.max(up - heightOf(changed, columns), 0);
    const lines = [...changed, ...Array<string>(emptied).fill('')].map(line => drawn(line, columns));
    this.#output.write(`\r${cursorUp(up)}${lines.join('')}${cursorUp(emptied)}`);
  }
}

/** One line, with nothing left of what was there. Erasing behind a row that is full would take its last character. */
function drawn(line: string, columns: number): string {
  const width = stringWidth(rowsOf(line, columns).at(-1) ?? '');
  return `${line}${width < columns ? '\x1b[K' : ''}\n`;
}

function cursorUp(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : '';
}

function firstDifference(before: readonly string[], next: readonly string[]): number {
  const index = before.findIndex((line, at) => line !== next[at]);
  return index === -1 ? before.length : index;
}

/** Rows that a terminal shows the lines on. */
function heightOf(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + rowsOf(line, columns).length, 0);
}

function rowsOf(line: string, columns: number): string[] {
  return stringWidth(line) <= columns ? [line] : wrapAnywhere(line, columns);
}

/** The lines without their first rows. Of a line that begins among them, what is left. */
function withoutRows(lines: readonly string[], count: number, columns: number): readonly string[] {
  let hidden = count;
  let index = 0;
  for (; hidden > 0 && index < lines.length; index++) {
    const rows = rowsOf(lines[index] ?? '', columns);
    if (rows.length > hidden) return [...rows.slice(hidden), ...lines.slice(index + 1)];
    hidden -= rows.length;
  }
  return lines.slice(index);
}
