import { type CallAbort, createCallAbort } from './abort.ts';
import type { ChunkEvent, Summary } from './chunks.ts';
import type { ResultMessage } from './cli/messages.ts';
import { newTurnState, type TurnState } from './cli/to-chunks.ts';
import { type TurnFacts, toTurnResult } from './cli/to-turn-result.ts';
import { report, startReport } from './diagnostics.ts';
import { ClaudeCliError, InvalidOptionError } from './errors.ts';
import { leavable } from './leavable.ts';
import {
  type Prompt,
  type ResolvedOptions,
  resolveOptions,
  type StreamOptions,
  type UserMessage,
} from './options.ts';
import { checkMessage, toMessages } from './prompt.ts';
import { withRetry } from './retry.ts';
import { untilAborted } from './until-aborted.ts';
import { toLaunch } from './workers/launch.ts';
import { readTurn, userLine } from './workers/turn.ts';
import { Worker } from './workers/worker.ts';

/**
 * Asks the Claude CLI and yields its answer as it comes. The process starts with the first pull and is gone when the
 * generator has finished, however it finishes: at its end, by `break`, by `return()`, by a throw or by an abort.
 *
 * ```ts
 * for await (const event of streamResponse('Write a story about a river')) {
 *   if (event.type === 'text') process.stdout.write(event.text);
 * }
 * ```
 *
 * @returns an async generator of chunk events; its return value is the summary of the last turn.
 * @throws {InvalidOptionError} at once, before anything starts. While iterating: any other `ClaudeCliError`, or the
 * reason of the aborted signal.
 */
export function streamResponse(
  prompt: Prompt,
  options: StreamOptions = {},
): AsyncGenerator<ChunkEvent, Summary, undefined> {
  const resolved = resolveOptions(options);
  const messages = toMessages(prompt, resolved.maxPromptLength);
  if (resolved.retry && !Array.isArray(messages)) {
    throw new InvalidOptionError(
      'retry',
      resolved.retry,
      'no value for a conversation: its messages cannot be taken back',
    );
  }
  const leave = new AbortController();
  return leavable(flatten(messages, resolved, leave.signal), () => leave.abort());
}

type Messages = AsyncIterable<UserMessage> | [UserMessage];

/** Inside, events travel in batches; here they are handed out one by one. */
async function* flatten(
  messages: Messages,
  options: ResolvedOptions,
  left: AbortSignal,
): AsyncGenerator<ChunkEvent, Summary, undefined> {
  const { callId, tell } = startReport();
  const { signal, timeout, idleTimeout } = options;
  const call = createCallAbort({
    signals: signal ? [signal, left] : [left],
    idleTimeout,
    ...(timeout === undefined ? {} : { timeout }),
  });
  if (options.timeoutFrom === 'call') call.startTimeout();
  const attempt = () => runAttempt(messages, options, call, callId);
  const batches = options.retry ? withRetry(attempt, options.retry, call.signal) : attempt();
  try {
    for (;;) {
      const { value, done } = await batches.next();
      if (done) {
        tell.end(value);
        return value;
      }
      for (const event of value) {
        if (call.signal.aborted) await batches.throw(call.signal.reason);
        tell.event(event);
        yield event;
      }
    }
  } catch (error) {
    tell.error(error);
    // Whoever left gets no error, only the end.
    if (left.aborted && error === left.reason) return undefined as never;
    throw error;
  } finally {
    await batches.return(undefined as never);
    call.dispose();
  }
}

/** One process for one call: slot, start, conversation, end. */
async function* runAttempt(
  messages: Messages,
  options: ResolvedOptions,
  call: CallAbort,
  callId: string,
): AsyncGenerator<ChunkEvent[], Summary> {
  const { limiter, priority } = options;
  const arrivedAt = performance.now();
  const lease = await limiter.acquire({ signal: call.signal, priority });
  const slotAt = performance.now();
  try {
    call.startTimeout();
    report('slot', () => ({
      callId,
      waitMs: slotAt - arrivedAt,
      size: limiter.size,
      pending: limiter.pending,
    }));
    const worker = await Worker.start(toLaunch(options));
    report('worker', () => ({
      callId,
      pid: worker.pid,
      origin: 'cold',
      startMs: performance.now() - slotAt,
    }));
    const abandon = () => worker.fail(call.signal.reason);
    call.signal.addEventListener('abort', abandon, { once: true });
    if (call.signal.aborted) abandon();
    let how: 'finish' | 'stop' = 'stop';
    try {
      const summary = yield* converse(worker, messages, options, call);
      how = 'finish';
      return summary;
    } finally {
      call.signal.removeEventListener('abort', abandon);
      await worker.end(how);
    }
  } finally {
    lease.release();
  }
}

/** Turn after turn on one worker: a single one, or as many as the caller's iterable has messages. */
async function* converse(
  worker: Worker,
  messages: Messages,
  options: ResolvedOptions,
  call: CallAbort,
): AsyncGenerator<ChunkEvent[], Summary> {
  let summary: Summary | undefined;
  let used: ResultMessage['modelUsage'];
  const source = Array.isArray(messages) ? messages : untilAborted(messages, call.signal);
  for await (const message of source) {
    checkMessage(message, options.maxPromptLength);
    const state = newTurnState();
    const startedAt = performance.now();
    try {
      await call.listen(worker.checkVersion());
      worker.write(userLine(message));
      if (Array.isArray(messages)) worker.closeInput();
      const result = yield* readTurn(worker, state, call.listen);
      const turn = toTurnResult(result, state, used);
      if (!turn.ok) throw turn.error;
      used = result.modelUsage;
      summary = toSummary(turn, state, startedAt, options.outputSchema);
    } catch (error) {
      if (error instanceof ClaudeCliError) error.text = state.text;
      throw error;
    }
    yield [{ type: 'end', ...summary }];
  }
  if (summary === undefined)
    throw new InvalidOptionError('prompt', 'no message', 'an async iterable of at least one message');
  return summary;
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
