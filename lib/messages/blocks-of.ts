import type { WireBlock } from '../cli/messages.ts';
import type { WireMessage } from '../workers/plan.ts';

/** The content blocks of a message; a string is one text block, to the API too. */
export function blocksOf({ content }: WireMessage): WireBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}
