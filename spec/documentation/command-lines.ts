import { runCommand } from '../terminal/run-command.ts';

export interface CommandLine {
  /** `ask`, `serve`, ... */
  command: string;
  options: string[];
}

/** The uses of our command in lines for a shell, however they are put together there. */
export function commandLinesOf(code: string): CommandLine[] {
  const lines = code
    .replaceAll(/\\\n/g, ' ')
    .replaceAll(/#.*$/gm, '')
    .replaceAll(/"[^"]*"|'[^']*'/g, '_');
  return [...lines.matchAll(/claude-cli-stream ([a-z]+)([^|&;<>\n]*)/g)].map(
    ([, command = '', rest = '']) => ({ command, options: optionsOf(rest) }),
  );
}

function optionsOf(text: string): string[] {
  return [...text.matchAll(/(?<!\S)(--?[a-z][a-z-]*)/gi)].map(([, option = '']) => option);
}

/** The options of each command, as its own help lists them. */
export async function knownOptions(): Promise<Map<string, string[]>> {
  const commands = ['ask', 'batch', 'serve', 'doctor'];
  const helps = await Promise.all(commands.map(command => runCommand([command, '--help'])));
  return new Map(commands.map((command, index) => [command, listedOptions(String(helps[index]?.stdout))]));
}

/** The options that a help lists. */
export function listedOptions(help: string): string[] {
  return [...help.matchAll(/^ {2}(-\w)?,? ?(--[a-z-]+)?/gm)].flatMap(([, short, long]) =>
    [short, long].filter(option => option !== undefined),
  );
}
