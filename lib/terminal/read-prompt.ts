import { UsageError } from './report-failure.ts';

/** Milliseconds in which a pipe must say something before it counts as one that nobody writes to. */
const silence = 3_000;

/**
 * The prompt: the argument, what is piped in, or the argument first and then what is piped in.
 * @throws {UsageError} when there is neither, and no `fallback` either.
 */
export async function readPrompt(
  argument: string | undefined,
  { fallback, signal }: { fallback: string | undefined; signal: AbortSignal },
): Promise<string> {
  const otherwise = argument ?? fallback;
  const piped = process.stdin.isTTY
    ? ''
    : await readAll(otherwise === undefined ? undefined : silence, signal);
  const parts = [argument, piped].filter(part => part !== undefined && part.trim() !== '');
  if (parts.length > 0) return parts.join('\n\n');
  if (otherwise !== undefined) return otherwise;
  throw new UsageError('no prompt: give one as an argument or on standard input');
}

/**
 * Standard input to its end. A service or a CI job often leaves it open without ever writing: where there is a prompt
 * without it, that must not wait for ever.
 */
async function readAll(patience: number | undefined, signal: AbortSignal): Promise<string> {
  const { stdin } = process;
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  const stop = () => stdin.destroy();
  const giveUp = () => {
    process.stderr.write(`nothing came on standard input in ${silence / 1000} s: going on without it\n`);
    stop();
  };
  if (patience !== undefined) timer = setTimeout(giveUp, patience);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of stdin.setEncoding('utf8')) {
      clearTimeout(timer);
      text += piece;
    }
  } catch (error) {
    // Destroyed above; any other failure to read is one.
    if (!stdin.destroyed) throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  return text;
}
