import type { ChunkEvent, RateLimitEvent, RetryEvent } from '../chunks.ts';
import { footer, seconds } from './footer.ts';
import { MarkdownStream } from './markdown/markdown-stream.ts';
import type { Colors, Style } from './markdown/style.ts';
import { wrap } from './markdown/wrap.ts';
import { printable } from './printable.ts';
import { Screen, type TerminalOutput } from './screen.ts';

const frame = 60;
const spinner = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
/** Lines of thinking that are shown while it lasts. */
const thinkingLines = 4;

export interface ViewOptions {
  colors: Colors;
  /** Keep the model's thinking on the screen. Otherwise its last lines are shown, and folded into one at its end. */
  thinking: boolean;
  /** Whether the user can press keys, and is told which. */
  keys: boolean;
}

/** One answer on a terminal: a spinner, the thinking, Markdown as it comes, quiet lines, a footer. */
export class AnswerView {
  readonly #screen: Screen;
  readonly #options: ViewOptions;
  #unfolded: boolean;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #markdown = new MarkdownStream();
  #thinking = '';
  #thinkingSince = 0;
  /** Lines that are final, but not drawn yet. */
  #final: string[] = [];
  #printed = false;
  #waiting = true;
  #changed = true;
  #drawnColumns = 0;

  constructor(output: TerminalOutput, options: ViewOptions) {
    this.#screen = new Screen(output);
    this.#options = options;
    this.#unfolded = options.thinking;
    this.#timer = setInterval(() => this.#tick(), frame);
    this.#draw();
  }

  show(event: ChunkEvent): void {
    this.#changed = true;
    switch (event.type) {
      case 'text':
        this.#endThinking();
        this.#waiting = false;
        this.#markdown.write(event.text);
        break;
      case 'thinking':
        if (this.#thinking === '') {
          this.#endMarkdown();
          this.#thinkingSince = performance.now();
        }
        this.#thinking += printable(event.text);
        break;
      case 'retry':
        this.#markdown.takeBack(event.supersededLength);
        this.#note(toRetryNote(event));
        this.#waiting = true;
        break;
      case 'rate-limit':
        if (event.status !== 'allowed') this.#note(toLimitNote(event));
        break;
      case 'tool-call':
        this.#note(`calls ${printable(event.name)}`);
        break;
      case 'end':
        this.#note(footer(event));
        break;
    }
  }

  /** Shows all of the thinking, or again only its last lines. */
  toggleThinking(): void {
    this.#unfolded = !this.#unfolded;
    this.#changed = true;
  }

  /** Somebody else has written to the terminal. */
  leave(): void {
    this.#screen.leave();
    this.#changed = true;
  }

  /** Draws what is left and stops. `note` is a last quiet line under what came. */
  close(note?: string): void {
    clearInterval(this.#timer);
    this.#waiting = false;
    this.#endSection();
    if (note !== undefined && this.#printed) this.#note(note);
    this.#draw();
  }

  #tick(): void {
    if (this.#screen.columns !== this.#drawnColumns) this.#changed = true;
    if (this.#changed || this.#waiting || this.#thinking !== '') this.#draw();
  }

  #draw(): void {
    this.#changed = false;
    this.#drawnColumns = this.#screen.columns;
    const { final, live } = this.#markdown.lines(this.#style);
    this.#add(final);
    this.#screen.draw(this.#final, [...live, ...this.#status()]);
    this.#final = [];
  }

  get #style(): Style {
    return { columns: this.#screen.columns, colors: this.#options.colors };
  }

  #add(lines: readonly string[]): void {
    this.#final.push(...lines);
    this.#printed ||= lines.length > 0;
  }

  #note(text: string): void {
    this.#endSection();
    const lines = wrap(text, this.#screen.columns).map(this.#options.colors.dim);
    this.#add(this.#printed ? ['', ...lines] : lines);
    this.#markdown = new MarkdownStream({ continued: true });
  }

  #endSection(): void {
    this.#endThinking();
    this.#endMarkdown();
  }

  #endMarkdown(): void {
    this.#add(this.#markdown.flush(this.#style));
    this.#markdown = new MarkdownStream({ continued: this.#printed });
  }

  #endThinking(): void {
    if (this.#thinking === '') return;
    const text = this.#unfolded
      ? this.#thinking
      : `thought for ${seconds(performance.now() - this.#thinkingSince)}`;
    this.#thinking = '';
    this.#note(text.trim());
  }

  #status(): string[] {
    if (!this.#waiting && this.#thinking === '') return [];
    const { colors } = this.#options;
    const elapsed = performance.now() - this.#startedAt;
    const sign = spinner[Math.floor(elapsed / frame) % spinner.length] ?? '';
    const thinking = this.#thinking === '' ? [] : wrap(this.#thinking, this.#screen.columns);
    const shown = this.#unfolded ? thinking : thinking.slice(-thinkingLines);
    const hint = shown.length < thinking.length && this.#options.keys ? ' · Ctrl-O shows all of it' : '';
    const line = `${colors.cyan(sign)} ${colors.dim(`${seconds(elapsed)}${hint}`)}`;
    const above = this.#printed ? [''] : [];
    return [...above, ...shown.map(colors.dim), line];
  }
}

function toRetryNote({ status, error, attempt, maxAttempts, delay, supersededLength }: RetryEvent): string {
  const what = status === null ? `the request failed (${error})` : `the API answered ${status}`;
  const again = `attempt ${attempt + 1} of ${maxAttempts} in ${seconds(delay)}`;
  return `${what}: ${again}${supersededLength > 0 ? '; the answer begins anew' : ''}`;
}

function toLimitNote({ status, limit, utilization, resetsAt }: RateLimitEvent): string {
  const name = limit === null ? 'usage limit' : `${limit.replaceAll('_', '-')} limit`;
  const used = utilization === null ? status.replaceAll('_', ' ') : `${Math.round(utilization * 100)} % used`;
  const when = { weekday: 'short', hour: '2-digit', minute: '2-digit' } as const;
  const reset = resetsAt === null ? '' : `, resets ${resetsAt.toLocaleString([], when)}`;
  return `${name}: ${status === 'rejected' ? 'reached' : used}${reset}`;
}
