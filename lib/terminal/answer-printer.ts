import type { ChunkEvent } from '../chunks.ts';
import { watchKeys } from './keys.ts';
import { printable } from './printable.ts';

/** Prints one answer to standard output. */
export interface AnswerPrinter {
  show(event: ChunkEvent): void;
  /** `note`: why the answer is not whole; for people only. */
  close(note?: string): void;
}

export interface PrinterOptions {
  thinking?: true;
  json?: true;
  quiet?: true;
}

/** A progressive view where lines can be redrawn and nobody asked for less; otherwise text, or chunk events as NDJSON. */
export async function openPrinter({ json, quiet, thinking }: PrinterOptions): Promise<AnswerPrinter> {
  const { stdout } = process;
  if (json) return { show: event => stdout.write(`${JSON.stringify(event)}\n`), close: () => {} };
  if (!stdout.isTTY || process.env.TERM === 'dumb' || quiet) return plainPrinter(stdout);
  const [{ AnswerView }, { default: colors }] = await Promise.all([
    import('./answer-view.ts'),
    import('picocolors'),
  ]);
  const keys = process.stdin.isTTY === true;
  const view = new AnswerView(stdout, { colors, thinking: thinking === true, keys });
  const unwatch = watchKeys({
    onControl: { o: () => view.toggleThinking() },
    onReturn: () => view.leave(),
  });
  return {
    show: event => view.show(event),
    close(note) {
      view.close(note);
      unwatch();
    },
  };
}

/** Text that came ends with a line end, which a terminal and most tools want, also when the answer broke off. */
function plainPrinter(output: NodeJS.WriteStream): AnswerPrinter {
  let last = '\n';
  return {
    show(event) {
      if (event.type !== 'text') return;
      last = output.isTTY ? printable(event.text) : event.text;
      output.write(last);
    },
    close() {
      if (!last.endsWith('\n') && !output.errored) output.write('\n');
    },
  };
}
