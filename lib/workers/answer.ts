import { beginCall } from '../call.ts';
import type { StreamEvent } from '../cli/messages.ts';
import { leavable } from '../leavable.ts';
import { resolveOptions, type StreamOptions } from '../options.ts';
import { readAhead } from '../read-ahead.ts';
import { exact } from './exact.ts';
import { toMessagesLaunch } from './launch.ts';
import type { MessagesRequest } from './messages-request.ts';
import { readAnswer } from './read-answer.ts';
import { replay } from './replay.ts';
import { useWorker } from './use-worker.ts';
import type { WorkerMemory } from './worker-memory.ts';

/** How a request of the Messages API is answered; the options mean what they mean for `streamResponse()`. */
export interface AnswerOptions
  extends Pick<
    StreamOptions,
    | 'cwd'
    | 'env'
    | 'idleTimeout'
    | 'limiter'
    | 'maxLineLength'
    | 'pathToClaudeCodeExecutable'
    | 'pool'
    | 'priority'
    | 'signal'
    | 'timeout'
    | 'timeoutFrom'
  > {
  /**
   * `replay`: history over the CLI's own message path. `exact`: the caller's messages and tools byte for byte, only
   * where the CLI signs in with the user's own API credentials. Default: `replay`.
   */
  transport?: 'replay' | 'exact';
  /** Values for the `anthropic-beta` header, added to the CLI's own. */
  betas?: readonly string[];
}

/**
 * Answers one request of the Messages API with exactly one upstream request, and yields the events of its stream
 * verbatim. Leaving the generator, or aborting the signal, stops the turn upstream at once.
 * @throws {ApiError} and every other `ClaudeCliError`; after the first event, when the upstream stream broke off.
 */
export function answer(
  request: MessagesRequest,
  options: AnswerOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  const { transport = 'replay', betas = [], ...rest } = options;
  const leave = new AbortController();
  const events = answerEvents(request, { transport, betas, rest }, leave.signal);
  return leavable(events, () => leave.abort());
}

/** Some 250 KB of text. */
const eventsAhead = 1_000;

interface Settings {
  transport: 'replay' | 'exact';
  betas: readonly string[];
  rest: StreamOptions;
}

async function* answerEvents(
  request: MessagesRequest,
  { transport, betas, rest }: Settings,
  left: AbortSignal,
): AsyncGenerator<StreamEvent, void, undefined> {
  const call = beginCall(resolveOptions(rest), left);
  call.tell.start(request.model);
  const plan = transport === 'exact' ? exact(request) : replay(request);
  const launch = () => toMessagesLaunch(call.options, betas);
  // The end of an answer has to be seen in time: see `readAnswer`.
  const ask = (memory: WorkerMemory) => readAhead(readAnswer(memory, { plan, transport, call }), eventsAhead);
  try {
    yield* useWorker({ call, pool: call.options.pool, launch, plan }, ask);
  } catch (error) {
    // Whoever left gets no error, only the end.
    if (left.aborted && error === left.reason) return;
    call.tell.error(error);
    throw error;
  } finally {
    if (left.aborted) call.tell.over();
    call.dispose();
  }
}
