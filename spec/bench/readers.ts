import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import split2 from 'split2';

/** What prints the lines: `cat` a file, or `yes` one line for ever. */
export interface Printer {
  command: 'cat' | 'yes';
  argument: string;
}

/** Hands out one thing per line, as its reader asks. */
export type Reader = (printer: Printer) => AsyncIterable<unknown>;

/** Each loads only what it needs: it may run in a process of its own. */
export const loadReader: Record<string, () => Promise<Reader>> = {
  'node:readline': async () => printer => createInterface({ input: start(printer) }),
  split2: async () => printer => start(printer).pipe(split2()),
  'Agent SDK query()': async () => {
    const { query } = await import('@anthropic-ai/claude-agent-sdk');
    return printer => {
      const env = { PATH: process.env.PATH, ...toEnv(printer) };
      const options = { pathToClaudeCodeExecutable: fakeCli, env, includePartialMessages: true };
      return query({ prompt: 'Go', options });
    };
  },
  'ours, streamResponse()': async () => {
    const { streamResponse } = await import('../../lib/stream-response.ts');
    return printer => streamResponse('Go', { pathToClaudeCodeExecutable: fakeCli, env: toEnv(printer) });
  },
};

/** What a line is once it is parsed; readers of plain lines leave that to their user. */
export function parsed(line: unknown): unknown {
  return typeof line === 'string' ? JSON.parse(line) : line;
}

export function start({ command, argument }: Printer): Readable {
  return spawn(command, [argument], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
}

/** Answers the first message with what the printer prints. */
export const fakeCli = fileURLToPath(new URL('../../../cat-cli.sh', import.meta.url));

export function toEnv({ command, argument }: Printer): Record<string, string> {
  return { BENCH_PRINTER: command, BENCH_LINES: argument };
}
