import type { StreamEvent, WireBlock, WireUsage } from '../cli/messages.ts';
import type { MessagesPlan } from './plan.ts';

/**
 * A request that the CLI sends by itself after a response: it resumes an answer that was cut off, asks again where it
 * saw nothing, and answers calls of unknown tools. The caller asked for one response, so there must be none.
 */
export class FollowUp {
  readonly #tools: ReadonlySet<string>;
  readonly #maxTokens: number;
  #length = 0;

  constructor({ tools, maxTokens }: MessagesPlan) {
    this.#tools = new Set(tools.map(tool => tool.name));
    this.#maxTokens = maxTokens;
  }

  /** Whether one may follow on a response that has come as far as this event. Most short answers never get there. */
  isPossible({ type, message, content_block: block, delta }: StreamEvent): boolean {
    switch (type) {
      case 'message_start':
        return contextLength(message?.usage) > fullContext || this.#mayBeCutSoon();
      case 'content_block_start':
        // Nobody sees how many tokens a thought has.
        return block?.type !== 'text' && !this.#isKnownCall(block);
      case 'content_block_delta':
        this.#length += Buffer.byteLength(delta?.text ?? delta?.partial_json ?? '');
        return this.#mayBeCutSoon();
      default:
        return false;
    }
  }

  /** Whether the CLI follows this end up. */
  isDue(stopReason: string | null, content: readonly WireBlock[]): boolean {
    switch (stopReason) {
      case null:
      case 'pause_turn':
      case 'refusal':
        // A refusal is followed up no more with the switches that every CLI here is started with.
        return false;
      case 'max_tokens':
      case 'model_context_window_exceeded':
        return true;
      case 'tool_use':
        // A call of a known tool waits for its result.
        return content.some(block => block.type === 'tool_use' && !this.#isKnownCall(block));
      default:
        return !content.some(isVisible);
    }
  }

  /** A token is a byte at least. */
  #mayBeCutSoon(): boolean {
    return this.#length + tokensMeanwhile >= this.#maxTokens;
  }

  #isKnownCall(block: { type?: string; name?: unknown } | undefined): boolean {
    return block?.type === 'tool_use' && this.#tools.has(String(block.name));
  }
}

/** More of them than an answer gets on while the CLI is told something. */
const tokensMeanwhile = 100;

/** Tokens from which on the window of a model may be too small for what it answers. */
const fullContext = 100_000;

function contextLength(usage: WireUsage = {}): number {
  const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens } = usage;
  return (input_tokens ?? 0) + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0);
}

function isVisible(block: WireBlock): boolean {
  if (block.type === 'text') return typeof block.text === 'string' && block.text.trim() !== '';
  return block.type !== 'thinking' && block.type !== 'redacted_thinking';
}
