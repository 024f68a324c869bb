import type { Deltas } from './answer.ts';

/** Deltas given one by one stay as they are; a string is cut into pieces of `size` characters, or words. */
export async function* inPieces(deltas: Deltas, size: number | undefined): AsyncGenerator<string> {
  if (typeof deltas !== 'string') yield* deltas;
  else if (size === undefined) yield* words(deltas);
  else yield* slices(deltas, Math.max(1, size));
}

export async function joined(deltas: Deltas): Promise<string> {
  if (typeof deltas === 'string') return deltas;
  let text = '';
  for await (const delta of deltas) text += delta;
  return text;
}

/** Each word with the white space after it. */
export function* words(text: string): Generator<string> {
  let start = 0;
  for (const space of text.matchAll(/\s+/g)) {
    const end = space.index + space[0].length;
    yield text.slice(start, end);
    start = end;
  }
  if (start < text.length) yield text.slice(start);
}

function* slices(text: string, size: number): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = start + size;
    // An emoji is two characters to JavaScript; the API never sends half of one.
    if (/[\uDC00-\uDFFF]/.test(text.charAt(end)) && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end += 1;
    yield text.slice(start, end);
  }
}
