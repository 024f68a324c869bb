import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** The built command. */
export const main = fileURLToPath(new URL('../../dist/terminal/main.js', import.meta.url));

interface CommandOptions {
  input?: string;
  stdin?: 'pipe';
  stripFinalNewline?: boolean;
  env?: Readonly<Record<string, string | undefined>>;
}

/** Runs the built command as a user does: `claude-cli-stream <args>`, with nothing on standard input unless given. */
export function runCommand(
  args: readonly string[],
  { input, stdin, stripFinalNewline, env }: CommandOptions = {},
) {
  const given = input === undefined ? { stdin: stdin ?? ('ignore' as const) } : { input };
  return execa(process.execPath, [main, ...args], {
    ...given,
    ...(env && { env }),
    reject: false,
    stripFinalNewline: stripFinalNewline ?? true,
    timeout: 50_000,
  });
}
