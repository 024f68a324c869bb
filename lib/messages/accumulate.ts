import type { StreamEvent, WireBlock } from '../cli/messages.ts';
import { ProtocolError } from '../errors.ts';

/**
 * The message that a stream of events adds up to, as a request without `stream` gets it: nothing is in it that was not
 * in an event.
 */
export async function accumulate(events: AsyncIterable<StreamEvent>): Promise<Record<string, unknown>> {
  let message: Draft | undefined;
  for await (const event of events) {
    if (event.type === 'message_start') message = newDraft(event.message ?? {});
    else if (message) addEvent(message, event);
  }
  if (!message) throw new ProtocolError('an answer without a message_start');
  return { ...message.fields, content: message.content, usage: message.usage };
}

interface Draft {
  fields: Record<string, unknown>;
  content: WireBlock[];
  usage: Record<string, unknown>;
  /** JSON of a tool's input as far as it has come, by the index of its block. */
  inputs: Map<number, string>;
}

function newDraft(message: Record<string, unknown>): Draft {
  return { fields: { ...message }, content: [], usage: { ...toRecord(message.usage) }, inputs: new Map() };
}

function addEvent(message: Draft, event: StreamEvent): void {
  const index = event.index ?? message.content.length;
  switch (event.type) {
    case 'content_block_start':
      message.content[index] = { type: '', ...event.content_block };
      break;
    case 'content_block_delta': {
      const block = message.content[index];
      if (block && event.delta) addDelta(message, index, block, event.delta);
      break;
    }
    case 'content_block_stop': {
      const block = message.content[index];
      const json = message.inputs.get(index);
      if (block && json) block.input = JSON.parse(json);
      break;
    }
    case 'message_delta': {
      const { type, delta, usage, ...fields } = event;
      Object.assign(message.fields, fields, delta);
      // Counts are cumulative; one that is null or missing does not apply.
      for (const [name, count] of Object.entries(toRecord(usage)))
        if (count != null) message.usage[name] = count;
      break;
    }
  }
}

function addDelta(message: Draft, index: number, block: WireBlock, delta: Record<string, unknown>): void {
  switch (delta.type) {
    case 'text_delta':
      block.text = `${block.text ?? ''}${delta.text}`;
      break;
    case 'thinking_delta':
      block.thinking = `${block.thinking ?? ''}${delta.thinking}`;
      break;
    case 'signature_delta':
      block.signature = delta.signature;
      break;
    case 'citations_delta':
      block.citations = [...(Array.isArray(block.citations) ? block.citations : []), delta.citation];
      break;
    case 'input_json_delta':
      message.inputs.set(index, `${message.inputs.get(index) ?? ''}${delta.partial_json}`);
      break;
    default:
      throw new ProtocolError(`a delta of the unknown type ${delta.type}; only a stream can pass it on`);
  }
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
