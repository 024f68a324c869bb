import type { MessageAnswer } from '../answer.ts';
import { words } from '../pieces.ts';
import type { MessagesBody } from '../request.ts';

/** Ends a text where `stop_sequences` or `max_tokens` would, at a token per word. */
export function limit(text: string, body: MessagesBody): MessageAnswer {
  const { max_tokens: maximum, stop_sequences: sequences = [] } = body;
  const usage = { output_tokens: Math.max(1, Math.min(maximum, Math.ceil(text.length / 4))) };
  const stop = firstStop(text, sequences);
  const stopped = stop ? text.slice(0, stop.index) : text;

  const pieces = [...words(stopped)];
  if (pieces.length > maximum)
    return { content: pieces.slice(0, maximum).join(''), stopReason: 'max_tokens', usage };
  if (stop) return { content: stopped, stopReason: 'stop_sequence', stopSequence: stop.sequence, usage };
  return { content: text, usage };
}

function firstStop(text: string, sequences: readonly string[]) {
  return sequences
    .map(sequence => ({ sequence, index: sequence === '' ? -1 : text.indexOf(sequence) }))
    .filter(({ index }) => index >= 0)
    .sort((one, other) => one.index - other.index)[0];
}
