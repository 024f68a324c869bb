import type { Summary } from '../chunks.ts';
import type { StreamEvent, WireUsage } from '../cli/messages.ts';
import type { TurnState } from '../cli/to-chunks.ts';
import type { TurnFacts } from '../cli/to-turn-result.ts';

/** Counts what one response used, from the events of its own stream: these exist even where the CLI's result does not. */
export interface Metering {
  readonly model: string;
  readonly usage: Required<{ [Field in keyof WireUsage]: number }>;
  readonly startedAt: number;
  add(event: StreamEvent): void;
}

export function newMetering(): Metering {
  const usage = {
    input_tokens: 0,
    output_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  };
  let model = '';
  return {
    get model() {
      return model;
    },
    usage,
    startedAt: performance.now(),
    add({ message, usage: newer }) {
      model = message?.model ?? model;
      // message_delta repeats the totals; a later number replaces an earlier one.
      for (const [field, count] of Object.entries(message?.usage ?? newer ?? {})) {
        if (typeof count === 'number' && field in usage) usage[field as keyof WireUsage] = count;
      }
    },
  };
}

/** The summary of a response for metrics. `cost` is the CLI's; without its verdict the cost is not known and 0. */
export function toSummary(state: TurnState, metering: Metering, turn: TurnFacts | undefined): Summary {
  const { model, usage, startedAt } = metering;
  const costUsd = turn?.costUsd ?? 0;
  return {
    text: state.text,
    stopReason: state.stopReason ?? '',
    usage: {
      [model]: {
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
        cacheReadInputTokens: usage.cache_read_input_tokens,
        cacheCreationInputTokens: usage.cache_creation_input_tokens,
        costUsd,
      },
    },
    costUsd,
    durationMs: performance.now() - startedAt,
    firstTextMs: state.firstTextAt === undefined ? null : state.firstTextAt - startedAt,
    turns: 1,
    sessionId: turn?.sessionId ?? '',
  };
}
