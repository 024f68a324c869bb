import type { Call } from '../call.ts';
import type { AssistantMessage, StreamEvent, WireBlock } from '../cli/messages.ts';
import { newTurnState, type TurnState, toChunks } from '../cli/to-chunks.ts';
import { type TurnFacts, toTurnResult } from '../cli/to-turn-result.ts';
import { ApiError, ProtocolError } from '../errors.ts';
import { type Metering, newMetering, toSummary } from './metering.ts';
import { requireOwnCredentials } from './own-credentials.ts';
import type { MessagesPlan } from './plan.ts';
import type { Ending } from './use-worker.ts';
import type { WorkerMemory } from './worker-memory.ts';

export interface Asked {
  plan: MessagesPlan;
  transport: 'replay' | 'exact';
  call: Call;
}

/**
 * Asks one question and yields the events of the one response to it. The CLI by itself goes on after some stop reasons
 * with a request of its own; there its worker is ended at the `message_delta` that says so, before it can send one.
 */
export async function* readAnswer(
  memory: WorkerMemory,
  { plan, transport, call }: Asked,
): AsyncGenerator<StreamEvent, Ending<void>> {
  const { worker } = memory;
  if (transport === 'exact') await call.listen(requireOwnCredentials(memory, plan));
  await call.listen(memory.prepare(plan));
  memory.ask(plan.question);

  const state = newTurnState();
  const metering = newMetering();
  const content: WireBlock[] = [];
  for (;;) {
    const message = await call.listen(worker.next());
    if (message === undefined)
      throw worker.exitError('before its answer was complete', await worker.end('kill'));
    for (const chunk of toChunks(message, state)) call.tell.event(chunk);
    if (message.type === 'assistant' && isReal(message)) content.push(...(message.message?.content ?? []));
    if (message.type === 'result') {
      const turn = toTurnResult(message, state, memory.used);
      memory.used = message.modelUsage;
      call.tell.used(turn.usage);
      const error = turn.ok ? new ProtocolError('a turn ended without a response') : turn.error;
      return { outcome: { error }, settle: () => memory.takeBack() };
    }
    // After a failure the CLI closes the stream with events of its own; the result says what happened.
    if (message.type !== 'stream_event' || !message.event || state.failure) continue;
    const { event } = message;
    metering.add(event);
    if (event.type === 'message_start') memory.blockRequests();
    if (event.type === 'message_delta' && goesOn(state.stopReason, content, plan)) {
      void worker.end('kill');
      yield event;
      yield { type: 'message_stop' };
      return { outcome: { value: undefined }, settle: () => giveUp(call, state, metering) };
    }
    if (event.type === 'message_stop') {
      if (state.stopReason === null) {
        void worker.end('kill');
        throw brokenOff(state);
      }
      yield event;
      return {
        outcome: { value: undefined },
        settle: () => settle(memory, { plan, state, metering, content, call }),
      };
    }
    yield event;
  }
}

function isReal({ message, parent_tool_use_id }: AssistantMessage): boolean {
  return message?.model !== '<synthetic>' && !parent_tool_use_id;
}

/** Whether the CLI would answer this stop with a further request. */
function goesOn(stopReason: string | null, content: readonly WireBlock[], plan: MessagesPlan): boolean {
  switch (stopReason) {
    case null:
    case 'pause_turn':
      return false;
    case 'max_tokens':
    case 'model_context_window_exceeded':
    case 'refusal':
      return true;
    case 'tool_use': {
      // A call of a known tool waits for its result, a call of an unknown one is answered by the CLI itself.
      const known = new Set(plan.tools.map(tool => tool.name));
      return content.some(block => block.type === 'tool_use' && !known.has(String(block.name)));
    }
    default:
      return !content.some(isVisible);
  }
}

function isVisible(block: WireBlock): boolean {
  if (block.type === 'text') return typeof block.text === 'string' && block.text.trim() !== '';
  return block.type !== 'thinking' && block.type !== 'redacted_thinking';
}

function brokenOff(state: TurnState): ApiError {
  return new ApiError({
    status: null,
    category: state.failure?.category ?? 'connection_failed',
    message: 'The stream of the API broke off before the answer was complete.',
    requestId: state.failure?.requestId ?? null,
    retryAfter: null,
  });
}

interface Answered {
  plan: MessagesPlan;
  state: TurnState;
  metering: Metering;
  content: WireBlock[];
  call: Call;
}

/**
 * Brings the worker back to a known state: with the answer in its memory, waiting for the results of tool calls, or without
 * the question.
 */
async function settle(
  memory: WorkerMemory,
  { plan, state, metering, content, call }: Answered,
): Promise<void> {
  const { worker } = memory;
  let facts: TurnFacts | undefined;
  if (state.stopReason === 'tool_use' && plan.keep && call.options.pool) {
    const calls = content.flatMap(({ type, id }) => (type === 'tool_use' ? [String(id)] : []));
    memory.waitForResults({ role: 'assistant', content }, calls);
    call.tell.end(toSummary(state, metering, undefined));
    return;
  }
  try {
    if (state.stopReason === 'tool_use') await worker.request({ subtype: 'interrupt' });
    const result = await worker.nextResult();
    const turn = toTurnResult(result, state, memory.used);
    memory.used = result.modelUsage;
    memory.allowRequests();
    if (turn.ok) facts = turn;
  } finally {
    tellEnd(call, state, metering, facts);
  }
  const complete = state.stopReason === 'end_turn' || state.stopReason === 'stop_sequence';
  if (complete && !facts) throw new ProtocolError('a complete answer ended in an error');
  if (complete && plan.keep) memory.addAnswer({ role: 'assistant', content });
  else await memory.takeBack();
}

/** The worker was ended on purpose: there is nothing to bring back. */
async function giveUp(call: Call, state: TurnState, metering: Metering): Promise<never> {
  tellEnd(call, state, metering);
  throw new ProtocolError('the worker was ended at the end of an answer');
}

function tellEnd({ tell }: Call, state: TurnState, metering: Metering, facts?: TurnFacts): void {
  const summary = toSummary(state, metering, facts);
  tell.used(summary.usage);
  tell.end(summary);
}
