import { CommanderError } from 'commander';
import { CliNotFoundError, InvalidOptionError, TimeoutError } from '../errors.ts';
import { seconds } from './footer.ts';
import { Interruption } from './interruption.ts';

/** What a command ends with; documented in its help. Signals add 128 plus their number. */
export const exitCodes = { success: 0, failure: 1, usage: 2 } as const;

/** A command was called in a way it cannot follow. */
export class UsageError extends Error {}

/** Tells a failure in one line on stderr, once and without a stack. @returns the exit code that goes with it. */
export function reportFailure(error: unknown): number {
  if (error instanceof Interruption) return error.exitCode;
  if (isBrokenPipe(error)) return new Interruption('SIGPIPE').exitCode;
  // Commander has told it already; asking for help is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
  // A failure to write is heard of by whoever writes, and by whoever watches the output.
  if (error !== told) process.stderr.write(`claude-cli-stream: ${oneLine(inWords(error))}\n`);
  told = error;
  const usage = error instanceof UsageError || error instanceof InvalidOptionError;
  return usage ? exitCodes.usage : exitCodes.failure;
}

let told: unknown;

/** The library speaks of options and fields of its own. */
function inWords(error: unknown): string {
  if (error instanceof TimeoutError && error.limit === 'timeout')
    return `no complete answer after ${seconds(error.after)} (--timeout)`;
  if (error instanceof CliNotFoundError)
    return `Claude CLI ${notFound(error)}. Install it (npm install --global @anthropic-ai/claude-code) or set CLAUDE_CODE_EXECUTABLE to its path`;
  return error instanceof Error ? error.message : String(error);
}

/** Where it was looked for, without all the paths. */
export function notFound({ searched }: CliNotFoundError): string {
  const [only = '', ...others] = searched;
  const usual = 'in PATH, node_modules and the usual install folders';
  return `not found ${others.length === 0 ? `at ${only}` : usual}`;
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

function oneLine(message: string): string {
  return message.trim().replaceAll(/\s*\n\s*/g, ' ');
}
