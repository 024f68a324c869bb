import type { UserMessage } from '../options.ts';
import { canonicalHash } from '../stores/canonical-hash.ts';
import type { BatchItem } from './options.ts';

/** An item that is known again in another run, wherever in the input it stands. */
export type KnownItem = BatchItem & { id: string };

/**
 * The items of a text: JSON lines when the first line begins with `{`, else one prompt per line. Empty lines do not
 * count. An item without an `id` is known by a hash of its contents, and its repetitions by their number.
 * @throws {SyntaxError} for a line that is no item, {RangeError} for an `id` that is given twice
 */
export function readItems(given: string): KnownItem[] {
  const text = given.replace(/^\uFEFF/, '');
  const isJson = text.trimStart().startsWith('{');
  const seen = new Map<string, number>();
  const ids = new Set<string>();
  return text.split('\n').flatMap((line, index): KnownItem[] => {
    if (line.trim() === '') return [];
    const item = isJson ? parseItem(line, index + 1) : { prompt: line.trimEnd() };
    if (item.id !== undefined) {
      if (ids.has(item.id)) throw new RangeError(`line ${index + 1}: the id ${item.id} was there before`);
      ids.add(item.id);
      return [{ ...item, id: item.id }];
    }
    const hash = canonicalHash(item).slice(0, 16);
    const times = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, times);
    return [{ ...item, id: times === 1 ? hash : `${hash}-${times}` }];
  });
}

function parseItem(line: string, number: number): BatchItem {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new SyntaxError(`line ${number} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || !('prompt' in value) || !isPrompt(value.prompt))
    throw new SyntaxError(`line ${number} has no prompt: it takes text or an array of content blocks`);
  const { id } = value as { id?: unknown };
  const isId = typeof id === 'number' || (typeof id === 'string' && id !== '');
  if (id !== undefined && !isId) throw new SyntaxError(`line ${number}: id takes text or a number`);
  const options = Object.fromEntries(Object.entries(value).filter(([name]) => settable.has(name)));
  return { ...(isId && { id: String(id) }), prompt: value.prompt, options };
}

/** What an item may set. Not what starts programs or reads files: prompts may come from elsewhere. */
const settable: ReadonlySet<string> = new Set([
  'model',
  'systemPrompt',
  'maxOutputTokens',
  'temperature',
  'stopSequences',
  'outputSchema',
]);

function isPrompt(value: unknown): value is UserMessage {
  return typeof value === 'string' || Array.isArray(value);
}
