import { pipeline } from 'node:stream/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { ChunkEvent } from '../chunks.ts';
import type { StreamOptions } from '../options.ts';
import { streamResponse } from '../stream-response.ts';
import { Interruption, watchInterruption } from './interruption.ts';
import { startOffline } from './offline.ts';
import { readPrompt } from './read-prompt.ts';

interface AskOptions {
  model?: string;
  system?: string;
  timeout?: number;
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
  claude-cli-stream ask --offline "Tell me a story"

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
    .option('--thinking', 'keep the thinking on the screen')
    .option('--json', 'print the chunk events, one JSON object per line')
    .option('-q, --quiet', 'print nothing but the answer')
    .option('--offline', 'ask a stand-in on this machine: no account, no network')
    .addHelpText('after', examples)
    .action(ask);
}

async function ask(argument: string | undefined, options: AskOptions): Promise<void> {
  const { signal, dispose } = watchInterruption();
  try {
    const prompt = await readPrompt(argument, { fallback: options.offline && demo, signal });
    await using offline = options.offline && (await startOffline(options));
    const stream = streamResponse(prompt, { ...toStreamOptions(options), signal, env: offline?.env ?? {} });
    if (isProgressive(options)) await showAnswer(stream, options);
    else await pipeline(options.json ? toJson(stream) : toText(stream), process.stdout, { end: false });
  } finally {
    dispose();
  }
}

function toStreamOptions({ model, system, timeout }: AskOptions): StreamOptions {
  return {
    ...(model !== undefined && { model }),
    ...(system !== undefined && { systemPrompt: system }),
    ...(timeout !== undefined && { timeout: timeout * 1000 }),
  };
}

/** Redrawing needs a terminal that can do it. Everything else gets text and nothing but text. */
function isProgressive({ json, quiet }: AskOptions): boolean {
  return process.stdout.isTTY && process.env.TERM !== 'dumb' && !json && !quiet;
}

async function showAnswer(stream: AsyncIterable<ChunkEvent>, options: AskOptions): Promise<void> {
  const [{ AnswerView }, { default: colors }] = await Promise.all([
    import('./answer-view.ts'),
    import('picocolors'),
  ]);
  const view = new AnswerView(process.stdout, { colors, thinking: options.thinking === true });
  try {
    for await (const event of stream) view.show(event);
    view.close();
  } catch (error) {
    view.close(error instanceof Interruption ? 'stopped' : undefined);
    throw error;
  }
}

async function* toJson(stream: AsyncIterable<ChunkEvent>): AsyncGenerator<string> {
  for await (const event of stream) yield `${JSON.stringify(event)}\n`;
}

/** Text that came ends with a line end, which a terminal and most tools want, also when the answer broke off. */
async function* toText(stream: AsyncIterable<ChunkEvent>): AsyncGenerator<string> {
  let last = '\n';
  try {
    for await (const event of stream) {
      if (event.type !== 'text') continue;
      yield event.text;
      last = event.text;
    }
  } catch (error) {
    if (!last.endsWith('\n')) yield '\n';
    throw error;
  }
  if (!last.endsWith('\n')) yield '\n';
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value * 1000 <= 2_147_483_647) return value;
  throw new InvalidArgumentError('It takes a number of seconds above 0.');
}
