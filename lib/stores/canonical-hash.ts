import { createHash } from 'node:crypto';

/** SHA-256, in hex, of a value as JSON with the keys of every object in order. */
export function canonicalHash(value: unknown): string {
  return sha256(JSON.stringify(value, inOrder) ?? 'undefined');
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
