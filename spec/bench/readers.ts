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

/** Hands out one thing per line, as its reader asks. Each imports only what it needs: it runs in a process of its own. */
export type Reader = (printer: Printer) => Promise<AsyncIterable<unknown>>;

export const readers: Record<string, Reader> = {
  'node:readline': async printer => createInterface({ input: start(printer) }),
  split2: async printer => start(printer).pipe(split2()),
  'Agent SDK query()': async printer => {
    const { query } = await import('@anthropic-ai/claude-agent-sdk');
    const env = { PATH: process.env.PATH, ...toEnv(printer) };
    return query({
      prompt: 'Go',
      options: { pathToClaudeCodeExecutable: fakeCli, env, includePartialMessages: true },
    });
  },
  'ours, streamResponse()': async printer => {
    const { streamResponse } = await import('../../lib/stream-response.ts');
    return streamResponse('Go', { pathToClaudeCodeExecutable: fakeCli, env: toEnv(printer) });
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
