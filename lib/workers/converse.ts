import type { Call } from '../call.ts';
import type { ChunkEvent, Summary } from '../chunks.ts';
import type { ResultMessage } from '../cli/messages.ts';
import { newTurnState, type TurnState, toChunks } from '../cli/to-chunks.ts';
import { type TurnFacts, toTurnResult } from '../cli/to-turn-result.ts';
import { ClaudeCliError, InvalidOptionError } from '../errors.ts';
import type { UserMessage } from '../options.ts';
import { checkMessage } from '../prompt.ts';
import type { Plan } from './plan.ts';
import type { Ending } from './use-worker.ts';
import type { WorkerMemory } from './worker-memory.ts';

export interface Conversation {
  /** The user's messages; each is taken when the turn before it is over. */
  messages: AsyncIterable<UserMessage> | [UserMessage];
  call: Call;
  plan: Plan;
  /** Whether the worker goes back to a pool afterwards. */
  shared: boolean;
}

/** Turn after turn on one worker. Yields the events in the batches they came in. */
export async function* converse(
  memory: WorkerMemory,
  { messages, call, plan, shared }: Conversation,
): AsyncGenerator<ChunkEvent[], Ending<Summary>> {
  const { options } = call;
  const settle = async () => {
    if (shared) await memory.rewindTo(0);
  };
  let summary: Summary | undefined;
  for await (const content of messages) {
    checkMessage(content, options.maxPromptLength);
    const state = newTurnState();
    const startedAt = performance.now();
    try {
      if (!summary) await call.listen(memory.prepare(plan));
      if (!summary && options.resume !== undefined) await call.listen(memory.recallUsage());
      memory.ask({ role: 'user', content });
      if (!shared && Array.isArray(messages)) memory.worker.closeInput();
      const result = yield* readTurn(memory, state, call);
      const turn = toTurnResult(result, state, memory.used);
      memory.used = result.modelUsage;
      call.tell.used(turn.usage);
      if (!turn.ok) return { outcome: { error: withText(turn.error, state.text) }, settle };
      summary = toSummary(turn, state, startedAt, options.outputSchema);
    } catch (error) {
      throw withText(error, state.text);
    }
    yield [{ type: 'end', ...summary }];
  }
  if (summary === undefined) {
    throw new InvalidOptionError('prompt', 'no message', 'an async iterable of at least one message');
  }
  return { outcome: { value: summary }, settle };
}

/** Events handed on together, at most: they came in one piece, and each hand-over costs more than an event. */
const batchLength = 256;

async function* readTurn(
  { worker }: WorkerMemory,
  state: TurnState,
  call: Call,
): AsyncGenerator<ChunkEvent[], ResultMessage> {
  for (;;) {
    const batch: ChunkEvent[] = [];
    let message = await call.listen(worker.next());
    if (message === undefined) {
      throw worker.exitError('before its answer was complete', await worker.end('finish'));
    }
    while (message) {
      if (message.type === 'result') {
        if (batch.length > 0) yield batch;
        return message;
      }
      for (const event of toChunks(message, state)) batch.push(event);
      if (batch.length >= batchLength) break;
      try {
        message = worker.poll();
      } catch (error) {
        if (batch.length > 0) yield batch;
        throw error;
      }
    }
    if (batch.length > 0) yield batch;
  }
}

function withText(error: unknown, text: string): unknown {
  if (error instanceof ClaudeCliError) error.text = text;
  return error;
}

function toSummary(
  turn: TurnFacts,
  state: TurnState,
  startedAt: number,
  schema: object | undefined,
): Summary {
  return {
    text: state.text,
    stopReason: turn.stopReason,
    usage: turn.usage,
    costUsd: turn.costUsd,
    durationMs: performance.now() - startedAt,
    firstTextMs: state.firstTextAt === undefined ? null : state.firstTextAt - startedAt,
    turns: turn.turns,
    sessionId: turn.sessionId,
    ...(schema && parsed(state.text)),
  };
}

/** An answer that was cut or refused is not JSON; its stop reason says so. */
function parsed(text: string): { structuredOutput?: unknown } {
  try {
    return { structuredOutput: JSON.parse(text) };
  } catch {
    return {};
  }
}
