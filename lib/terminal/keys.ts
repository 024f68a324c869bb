import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface Keys {
  /** What to do on Ctrl and a letter, by letter. */
  onControl: Readonly<Record<string, () => void>>;
  /** The user was away (Ctrl-Z, `fg`): the shell has written in between. */
  onReturn: () => void;
}

/**
 * Takes what is typed while an answer is drawn: echoed, it would shift the lines that are still to be drawn over.
 * Ctrl-C and Ctrl-Z mean what they always do. Returns a function that ends it.
 */
export function watchKeys({ onControl, onReturn }: Keys): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  // readline knows the keys, raw mode, and how to be suspended; what it would show goes nowhere.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output, terminal: true, historySize: 0 });
  const press = (_text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
    if (key.ctrl && key.name !== undefined && Object.hasOwn(onControl, key.name)) onControl[key.name]?.();
  };
  stdin.on('keypress', press);
  lines.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'));
  lines.on('SIGCONT', onReturn);
  return () => {
    stdin.off('keypress', press);
    lines.close();
  };
}
