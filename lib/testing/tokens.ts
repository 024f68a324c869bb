import type { MessagesBody } from './request.ts';

/** A plausible, deterministic number of input tokens: a quarter of the characters of all that is read. */
export function countInput({ system, messages, tools }: MessagesBody): number {
  return Math.ceil(countCharacters([system, messages, tools]) / 4);
}

/** Base64 of an image or a document counts as this many characters: about 1,500 tokens. */
const charactersOfMedia = 6000;

function countCharacters(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countCharacters(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  if ('data' in value && 'media_type' in value) return charactersOfMedia;
  return countCharacters(Object.values(value));
}
