import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa, execaSync } from 'execa';
import { main } from './run-command.ts';

/** Whether a terminal can be driven here; specs that need one skip with this in their title. */
export const hasTmux = execaSync('tmux', ['-V'], { reject: false }).exitCode === 0;

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  env?: Readonly<Record<string, string | undefined>>;
  /** Folder in which the command runs. */
  cwd?: string;
}

/** Our command in a real terminal of the given size. */
export async function openTerminal(
  args: readonly string[],
  { columns = 80, rows = 24, env = {}, cwd }: TerminalOptions = {},
): Promise<Terminal> {
  const entries = Object.entries({ TERM: 'tmux-256color', NO_COLOR: '', ...env });
  const set = entries.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const unset = entries.flatMap(([name, value]) => (value === undefined ? ['-u', name] : []));
  const command = ['env', ...unset, ...set, process.execPath, main, ...args].map(quote).join(' ');
  // The shell stays, so that what was printed can be read after the command's end.
  const shell = `${command}; echo "exit code $?"; read wait`;
  const socket = `spec-${randomUUID()}`;
  const tmux = async (...args: string[]) =>
    (await execa('tmux', ['-L', socket, ...args], { stripFinalNewline: false })).stdout;
  const size = ['-x', String(columns), '-y', String(rows)];
  const folder = cwd === undefined ? [] : ['-c', cwd];
  await tmux('-f', '/dev/null', 'new-session', '-d', ...size, ...folder, shell);
  return new Terminal(tmux);
}

export class Terminal implements AsyncDisposable {
  readonly #tmux: (...args: string[]) => Promise<string>;

  constructor(tmux: (...args: string[]) => Promise<string>) {
    this.#tmux = tmux;
  }

  /** What is on the screen; with `history` also what has scrolled away. */
  async text({ history = false, colors = false } = {}): Promise<string> {
    const flags = [...(history ? ['-S', '-'] : []), ...(colors ? ['-e'] : [])];
    return (await this.#tmux('capture-pane', '-p', ...flags)).trimEnd();
  }

  /** Keys as tmux names them (`Enter`, `C-c`), or text. */
  async type(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** Text as a terminal hands it over when it is pasted: in one piece, line ends included. */
  async paste(text: string): Promise<void> {
    await this.#tmux('set-buffer', text, ';', 'paste-buffer', '-r');
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  async waitFor(pattern: RegExp, deadline = 40_000): Promise<string> {
    const until = Date.now() + deadline;
    for (;;) {
      const text = await this.text({ history: true });
      if (pattern.test(text)) return text;
      if (Date.now() > until) throw new Error(`No ${pattern} on the terminal:\n${text}`);
      await sleep(100);
    }
  }

  async close(): Promise<void> {
    await this.#tmux('kill-server').catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
