import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Whether a terminal can be driven here; specs that need one skip with this in their title. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

const main = fileURLToPath(new URL('../../dist/terminal/main.js', import.meta.url));

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  env?: Readonly<Record<string, string | undefined>>;
}

/** Our command in a real terminal of the given size. */
export class Terminal {
  readonly #socket = `spec-${randomUUID()}`;

  constructor(args: readonly string[], { columns = 80, rows = 24, env = {} }: TerminalOptions = {}) {
    const entries = Object.entries({ TERM: 'tmux-256color', ...env });
    const set = entries.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    const unset = entries.flatMap(([name, value]) => (value === undefined ? ['-u', name] : []));
    const command = ['env', ...unset, ...set, process.execPath, main, ...args].map(quote).join(' ');
    // The shell stays, so that what was printed can be read after the command's end.
    const shell = `stty -echoctl; ${command}; echo "exit code $?"; read wait`;
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), shell);
  }

  /** What is on the screen; with `history` also what has scrolled away. `-e`: with colours. */
  text({ history = false, colors = false } = {}): string {
    const flags = [...(history ? ['-S', '-'] : []), ...(colors ? ['-e'] : [])];
    return this.#tmux('capture-pane', '-p', ...flags).trimEnd();
  }

  /** Keys as tmux names them (`Enter`, `C-c`), or text. */
  type(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  async waitFor(pattern: RegExp, deadline = 10_000): Promise<string> {
    const until = Date.now() + deadline;
    for (;;) {
      const text = this.text({ history: true });
      if (pattern.test(text)) return text;
      if (Date.now() > until) throw new Error(`No ${pattern} on the terminal:\n${text}`);
      await sleep(50);
    }
  }

  close(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server']);
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' });
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
