import stringWidth from 'string-width';

/** What a `Screen` needs of `process.stdout`. */
export interface TerminalOutput {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * The end of a terminal's output, of which the last lines may still change. Everything above them is ordinary output
 * and scrolls away as such. Each drawing is one write that rewrites changed lines only, so nothing flickers.
 */
export class Screen {
  readonly #output: TerminalOutput;
  #live: readonly string[] = [];
  #drawnColumns = 0;

  constructor(output: TerminalOutput) {
    this.#output = output;
  }

  get columns(): number {
    return Math.max(this.#output.columns ?? 80, 10);
  }

  /** Replaces the live lines by `final` ones, which stay, and new `live` ones. No line may be wider than the screen. */
  draw(final: readonly string[], live: readonly string[] = []): void {
    const next = [...final, ...live];
    const { columns } = this;
    // After a resize the terminal has wrapped the lines anew: where they differ is not known any more.
    const resized = columns !== this.#drawnColumns;
    const same = resized ? 0 : firstDifference(this.#live, next);
    const height = this.#live.slice(same).reduce((sum, line) => sum + heightOf(line, columns), 0);
    // What has scrolled away is out of reach.
    const reachable = Math.max((this.#output.rows ?? 24) - 1, 1);
    const hidden = resized ? 0 : Math.max(height - reachable, 0);
    const up = Math.min(height, reachable);
    const changed = next.slice(same + hidden);
    this.#live = live;
    this.#drawnColumns = columns;
    if (up === 0 && changed.length === 0) return;
    // Row by row: some terminals take erasing the whole screen as a reason to keep its content in the scrollback.
    const emptied = Math.max(up - changed.length, 0);
    const rows = [...changed, ...Array<string>(emptied).fill('')].map(line => `\x1b[K${line}\n`);
    this.#output.write([cursorUp(up), ...rows, cursorUp(emptied)].join(''));
  }
}

function cursorUp(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : '';
}

function firstDifference(before: readonly string[], next: readonly string[]): number {
  const index = before.findIndex((line, at) => line !== next[at]);
  return index === -1 ? before.length : index;
}

function heightOf(line: string, columns: number): number {
  return Math.max(Math.ceil(stringWidth(line) / columns), 1);
}
