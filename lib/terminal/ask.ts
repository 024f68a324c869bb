import { once } from 'node:events';
import type { ChunkEvent } from '../chunks.ts';
import type { StreamOptions } from '../options.ts';
import { streamResponse } from '../stream-response.ts';
import { openPrinter } from './answer-printer.ts';
import { chat } from './chat.ts';
import { Interruption, watchInterruption } from './interruption.ts';
import { startOffline } from './offline.ts';
import { readPrompt } from './read-prompt.ts';
import { UsageError } from './report-failure.ts';

export interface AskOptions {
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

export async function ask(argument: string | undefined, options: AskOptions): Promise<void> {
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
