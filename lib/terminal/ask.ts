import { once } from 'node:events';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ChunkEvent } from '../chunks.ts';
import type { StreamOptions } from '../options.ts';
import { streamResponse } from '../stream-response.ts';
import { openPrinter } from './answer-printer.ts';
import { chat } from './chat.ts';
import { Interruption, watchInterruption } from './interruption.ts';
import { startOffline } from './offline.ts';
import { readPrompt } from './read-prompt.ts';
import { UsageError } from './report-failure.ts';

interface AskOptions {
  model?: string;
  system?: string;
  timeout?: number;
  chat?: true | string;
  thinking?: true;
  json?: true;
  quiet?: true;
  offline?: true;
}

const demo = 'Tell me a short story about a river.';

const examples = `
In a terminal: Markdown as it comes, and a footer with model, tokens, cost and time. In a pipe: the text alone.
Ctrl-C stops the answer and keeps what came.

Examples:
  claude-cli-stream ask "What is 2+2?"
  cat notes.md | claude-cli-stream ask "Summarise this"
  claude-cli-stream ask --json "What is 2+2?" | jq -r 'select(.type == "text").text'
  claude-cli-stream ask --chat
  claude-cli-stream ask --chat=rivers "Let us talk about rivers"
  claude-cli-stream ask --offline "Tell me a story"

A chat is stored by the Claude CLI, as its own ones are. A stopped answer is not part of it.

Exit codes: 0 an answer, 1 a failure, 2 wrong usage, 130 Ctrl-C, 141 the reader left, 143 SIGTERM.`;

/** `claude-cli-stream ask [prompt]`. */
export function addAskCommand(program: Command): void {
  program
    .command('ask')
    .description('ask Claude and print the answer as it comes')
    .argument('[prompt]', 'what to ask; text on standard input is added after it')
    .option('-m, --model <name>', 'model name or alias (sonnet, opus, haiku)')
    .option('-s, --system <text>', 'system prompt')
    .option('-t, --timeout <seconds>', 'give up after this time', seconds)
    .addOption(
      new Option('--chat [name]', 'go on talking; under a name also another day').conflicts('timeout'),
    )
    .option('--thinking', 'keep the thinking on the screen')
    .option('--json', 'print the chunk events, one JSON object per line')
    .option('-q, --quiet', 'print nothing but the answer')
    .option('--offline', 'ask a stand-in on this machine: no account, no network')
    .addHelpText('after', examples)
    .action(ask);
}

async function ask(argument: string | undefined, options: AskOptions): Promise<void> {
  if (options.chat) return startChat(argument, options);
  const { signal, dispose } = watchInterruption(process.stdout);
  try {
    const prompt = await readPrompt(argument, { fallback: options.offline && demo, signal });
    await using offline = options.offline && (await startOffline(options));
    const stream = streamResponse(prompt, { ...toStreamOptions(options), signal, env: offline?.env ?? {} });
    await print(stream, options, signal);
  } finally {
    dispose();
  }
}

async function startChat(first: string | undefined, options: AskOptions): Promise<void> {
  const name = options.chat === true ? undefined : options.chat;
  if (name !== undefined && options.offline)
    throw new UsageError('a chat with the stand-in is gone with it: --offline --chat takes no name');
  await using offline = options.offline && (await startOffline(options));
  const stream = { ...toStreamOptions(options), env: offline?.env ?? {} };
  await chat({ first, name, printer: options, stream });
}

/** Event by event, and no faster than the reader takes them. */
async function print(
  stream: AsyncIterable<ChunkEvent>,
  options: AskOptions,
  signal: AbortSignal,
): Promise<void> {
  const printer = await openPrinter(options);
  try {
    for await (const event of stream) {
      printer.show(event);
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain', { signal });
    }
    printer.close();
  } catch (error) {
    printer.close(error instanceof Interruption ? 'stopped' : 'broke off');
    // Whoever waits for the reader hears of the abort, not of its reason.
    signal.throwIfAborted();
    throw error;
  }
}

function toStreamOptions({ model, system, timeout }: AskOptions): StreamOptions {
  return {
    ...(model !== undefined && { model }),
    ...(system !== undefined && { systemPrompt: system }),
    ...(timeout !== undefined && { timeout: timeout * 1000 }),
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value * 1000 <= 2_147_483_647) return value;
  throw new InvalidArgumentError('It takes a number of seconds above 0.');
}
