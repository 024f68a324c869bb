import { createHash } from 'node:crypto';
import type { WireMessage } from './plan.ts';

/**
 * What makes two messages the same conversation step: role and content, whatever the order of keys and whether text
 * stands alone or in a block. Everything else counts, so a wrong match is as unlikely as a SHA-256 collision.
 */
export function fingerprint({ role, content }: WireMessage): string {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  return createHash('sha256')
    .update(JSON.stringify([role, blocks.map(canonical)]))
    .digest('base64');
}

/** Keys in order; fields that say nothing (undefined, or the empty `citations` the API sends with text) left out. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, entry]) => entry !== undefined && !(key === 'citations' && isEmpty(entry)),
  );
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, canonical(entry)]),
  );
}

function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}
