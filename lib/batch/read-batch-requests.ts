import { z } from 'zod';
import { invalidRequest } from '../messages/request-error.ts';
import type { BatchRequest } from './message-batch-store.ts';

/** Sources of the limits: the API reference of message batches. What is in `params` is for the handler to check. */
const body = z.strictObject({
  requests: z
    .array(
      z.strictObject({
        custom_id: z.string().regex(/^[\w-]{1,64}$/, 'takes 1 to 64 letters, digits, _ and -'),
        params: z.record(z.string(), z.unknown()),
      }),
    )
    .min(1)
    .max(100_000),
});

/** @throws {RequestError} 400 */
export function readBatchRequests(value: unknown): BatchRequest[] {
  const parsed = body.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidRequest(`${issue?.path.join('.') || 'body'}: ${issue?.message}`);
  }
  const seen = new Set<string>();
  for (const [index, { custom_id }] of parsed.data.requests.entries()) {
    if (seen.has(custom_id))
      throw invalidRequest(`requests.${index}.custom_id: ${custom_id} was there before`);
    seen.add(custom_id);
  }
  return parsed.data.requests;
}
