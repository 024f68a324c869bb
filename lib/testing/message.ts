import type { AnswerBlock, StopReason, StreamEvent } from './answer.ts';
import { blockDeltas, emptyBlock, generatedLength, wholeBlock } from './blocks.ts';

/** A message with nothing left to decide. */
export interface Message {
  readonly id: string;
  readonly model: string;
  readonly content: readonly AnswerBlock[];
  readonly stopReason: StopReason;
  readonly stopSequence: string | null;
  readonly stopDetails: Readonly<Record<string, unknown>> | null;
  readonly inputTokens: number;
  /** Replaces or joins the computed usage. */
  readonly usage: Readonly<Record<string, unknown>>;
  /** Characters per delta; undefined: one word of text. */
  readonly chunkSize: number | undefined;
}

/** The message as the events of a stream. */
export async function* messageEvents(message: Message): AsyncGenerator<StreamEvent> {
  yield { type: 'message_start', message: { ...unfinished(message), usage: usageAtStart(message) } };
  yield { type: 'ping' };

  let characters = 0;
  for (const [index, block] of message.content.entries()) {
    yield { type: 'content_block_start', index, content_block: emptyBlock(block) };
    for await (const delta of blockDeltas(block, message.chunkSize)) {
      characters += generatedLength(delta);
      yield { type: 'content_block_delta', index, delta };
    }
    yield { type: 'content_block_stop', index };
  }

  yield { type: 'message_delta', delta: ending(message), usage: usageAtEnd(message, characters) };
  yield { type: 'message_stop' };
}

/** The message as one JSON body, for a request without `stream`. */
export async function wholeMessage(message: Message): Promise<Record<string, unknown>> {
  const content: Record<string, unknown>[] = [];
  for (const block of message.content) content.push(await wholeBlock(block));
  const characters = content.reduce((sum, block) => sum + generatedLength(block), 0);
  const usage = { ...usageAtStart(message), ...usageAtEnd(message, characters) };
  return { ...unfinished(message), content, ...ending(message), usage };
}

function unfinished({ id, model }: Message) {
  const open = { content: [], stop_reason: null, stop_sequence: null, stop_details: null };
  return { id, type: 'message', role: 'assistant', model, ...open };
}

function ending({ stopReason, stopSequence, stopDetails }: Message) {
  return { stop_reason: stopReason, stop_sequence: stopSequence, stop_details: stopDetails };
}

function usageAtStart(message: Message) {
  return {
    input_tokens: message.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    service_tier: 'standard',
    ...message.usage,
    output_tokens: 1,
  };
}

/** Cumulative: the input again, and all of the output. */
function usageAtEnd(message: Message, characters: number) {
  return {
    input_tokens: message.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: Math.max(1, Math.ceil(characters / 4)),
    ...message.usage,
  };
}
