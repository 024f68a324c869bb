import type { Call } from '../call.ts';
import type { AssistantMessage, StreamEvent, WireBlock } from '../cli/messages.ts';
import { newTurnState, type TurnState, toChunks } from '../cli/to-chunks.ts';
import { type TurnFacts, toTurnResult } from '../cli/to-turn-result.ts';
import { ApiError, ProtocolError } from '../errors.ts';
import { FollowUp } from './follow-up.ts';
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
 * Asks one question and yields the events of the one response to it. Where the CLI would follow it up with a request of
 * its own, that fails in the CLI; where the response ends before the CLI could be told so, its worker is ended at the
 * `message_delta`, before it can send one.
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
  const followUp = new FollowUp(plan);
  const answered = { plan, state, metering, content, call };
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
    if (followUp.isPossible(event)) memory.blockRequests();
    if (event.type === 'message_delta' && followUp.isDue(state.stopReason, content)) {
      const blocked = memory.areRequestsBlocked;
      if (!blocked) void worker.end('kill');
      yield event;
      yield { type: 'message_stop' };
      const settle = () => (blocked ? takeBack(memory, answered) : giveUp(answered));
      return { outcome: { value: undefined }, settle };
    }
    if (event.type === 'message_stop') {
      if (state.stopReason === null) {
        void worker.end('kill');
        throw brokenOff(state);
      }
      yield event;
      return { outcome: { value: undefined }, settle: () => settle(memory, answered) };
    }
    yield event;
  }
}

function isReal({ message, parent_tool_use_id }: AssistantMessage): boolean {
  return message?.model !== '<synthetic>' && !parent_tool_use_id;
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
async function settle(memory: WorkerMemory, answered: Answered): Promise<void> {
  const { plan, state, content, call } = answered;
  const complete = state.stopReason === 'end_turn' || state.stopReason === 'stop_sequence';
  if (state.stopReason === 'tool_use' && plan.keep && call.options.pool) {
    const calls = content.flatMap(({ type, id }) => (type === 'tool_use' ? [String(id)] : []));
    memory.waitForResults({ role: 'assistant', content }, calls);
    tellEnd(answered);
  } else if (complete && plan.keep) {
    const facts = await readResult(memory, answered);
    if (!facts) throw new ProtocolError('a complete answer ended in an error');
    memory.addAnswer({ role: 'assistant', content });
  } else {
    await takeBack(memory, answered);
  }
}

/** The turn ends, and the worker forgets it. */
async function takeBack(memory: WorkerMemory, answered: Answered): Promise<void> {
  await readResult(memory, answered);
  await memory.takeBack();
}

/** The worker was ended on purpose: there is nothing to bring back. */
async function giveUp(answered: Answered): Promise<never> {
  tellEnd(answered);
  throw new ProtocolError('the worker was ended at the end of an answer');
}

/** What the CLI says of the turn, told to whoever measures; undefined: that it failed. */
async function readResult(memory: WorkerMemory, answered: Answered): Promise<TurnFacts | undefined> {
  let facts: TurnFacts | undefined;
  const { worker } = memory;
  try {
    if (answered.content.some(({ type }) => type === 'tool_use'))
      await worker.request({ subtype: 'interrupt' });
    const result = await worker.nextResult();
    const turn = toTurnResult(result, answered.state, memory.used);
    memory.used = result.modelUsage;
    memory.allowRequests();
    if (turn.ok) facts = turn;
    return facts;
  } finally {
    tellEnd(answered, facts);
  }
}

function tellEnd({ call: { tell }, state, metering }: Answered, facts?: TurnFacts): void {
  const summary = toSummary(state, metering, facts);
  tell.used(summary.usage);
  tell.end(summary);
}
