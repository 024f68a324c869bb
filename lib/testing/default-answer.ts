import type { Answer } from './answer.ts';
import type { OfflineRequest } from './request.ts';

/** What the offline API answers when nobody scripted anything. */
export function defaultAnswer(_request: OfflineRequest): Answer {
  return 'Hello from the offline API: a stand-in, not Claude.';
}
