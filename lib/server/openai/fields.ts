import { z } from 'zod';

/** Clients write `null` for what they leave out. */
export function withoutNulls<Schema extends z.ZodType>(schema: Schema) {
  const strip = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null))
      : value;
  return z.preprocess(strip, schema);
}

/** A field that has no counterpart. */
export function unmapped(why = 'the Messages API has nothing like it') {
  return z.never({ error: `cannot be mapped: ${why}` }).optional();
}

/** A field that is accepted as long as it asks for nothing. */
export function only<Value extends string | number | boolean>(
  value: Value,
  why = 'the Messages API has nothing like it',
) {
  return z.literal(value, { error: `only ${JSON.stringify(value)} can be mapped: ${why}` }).optional();
}
