import type { WireBlock } from '../cli/messages.ts';
import type { WireMessage } from '../workers/plan.ts';
import { blocksOf } from './blocks-of.ts';

/**
 * Whether the caller has put cache breakpoints in its messages. The API takes four per request and the CLI would add up
 * to three, so that then its own are left out: the caller's cover all that comes before them, system prompt and tools
 * included.
 */
export function hasBreakpoints(messages: readonly WireMessage[]): boolean {
  return messages.some(message => blocksOf(message).some(isBreakpoint));
}

function isBreakpoint({ cache_control, content }: WireBlock): boolean {
  return cache_control != null || (Array.isArray(content) && content.some(isBreakpoint));
}
