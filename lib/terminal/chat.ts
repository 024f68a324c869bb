import { randomUUID } from 'node:crypto';
import type { ChunkEvent } from '../chunks.ts';
import { ApiError, TimeoutError } from '../errors.ts';
import type { StreamOptions } from '../options.ts';
import { streamResponse } from '../stream-response.ts';
import { type AnswerPrinter, openPrinter, type PrinterOptions } from './answer-printer.ts';
import { Interruption, watchInterruption } from './interruption.ts';
import { type LineReader, openLines } from './line-reader.ts';
import { reportFailure } from './report-failure.ts';
import { loadChat, saveChat } from './saved-chats.ts';

export interface ChatOptions {
  /** The first message, if it is known already. */
  first: string | undefined;
  /** The chat goes on under this name another day. */
  name: string | undefined;
  printer: PrinterOptions;
  stream: StreamOptions;
}

/**
 * A conversation: one CLI process, until an answer is stopped or fails; the next one then continues the session, which
 * is why the CLI stores it. Ends with `/exit`, at the end of the input, or by Ctrl-C at the prompt.
 */
export async function chat({ first, name, printer, stream }: ChatOptions): Promise<void> {
  const lines = openLines(first);
  const chat: Chat = { sessionId: name === undefined ? undefined : await loadChat(name), name, left: false };
  try {
    if (process.stdin.isTTY) greet(chat);
    while (!chat.left) await converse(chat, lines, printer, stream);
  } finally {
    lines.close();
  }
}

interface Chat {
  /** Of the stored session; undefined before the first answer. */
  sessionId: string | undefined;
  name: string | undefined;
  /** The user has said the last word. */
  left: boolean;
}

/** Turn after turn on one process. Returns when the user has left, or a turn did not come to its end. */
async function converse(
  chat: Chat,
  lines: LineReader,
  options: PrinterOptions,
  stream: StreamOptions,
): Promise<void> {
  const { signal, dispose } = watchInterruption(process.stdout);
  const session = chat.sessionId === undefined ? { sessionId: randomUUID() } : { resume: chat.sessionId };
  let printer: AnswerPrinter | undefined;

  async function* questions(): AsyncGenerator<string> {
    for (;;) {
      const line = await lines.next(signal);
      chat.left = line === undefined || line.trim() === '/exit';
      if (chat.left || line === undefined) return;
      if (line.trim() === '') continue;
      printer = await openPrinter(options);
      yield line;
    }
  }

  try {
    const events = streamResponse(questions(), { ...stream, ...session, persistSession: true, signal });
    for await (const event of events) {
      printer?.show(event);
      await remember(chat, event, session.sessionId);
      if (event.type !== 'end') continue;
      printer?.close();
      printer = undefined;
    }
  } catch (error) {
    const answering = printer !== undefined;
    const stopped = error instanceof Interruption;
    printer?.close(stopped ? 'stopped' : 'broke off');
    // Leaving without a word is no wrong prompt.
    if (chat.left) return;
    const goesOn = answering && process.stdin.isTTY && (stopped || isPassing(error));
    if (!goesOn) throw error;
    if (!stopped) reportFailure(error);
  } finally {
    dispose();
  }
}

/** Once something was answered, the session is there to be continued. */
async function remember(chat: Chat, event: ChunkEvent, sessionId: string | undefined): Promise<void> {
  if (chat.sessionId !== undefined || sessionId === undefined) return;
  if (event.type !== 'text' && event.type !== 'thinking') return;
  chat.sessionId = sessionId;
  if (chat.name !== undefined) await saveChat(chat.name, sessionId);
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiError || error instanceof TimeoutError;
}

function greet({ sessionId, name }: Chat): void {
  const what = name === undefined ? 'chat' : `chat "${name}"${sessionId === undefined ? '' : ', continued'}`;
  process.stderr.write(`${what}\nCtrl-C stops an answer, /exit leaves\n`);
}
