import { beginCall, type Call } from './call.ts';
import type { ChunkEvent, Summary } from './chunks.ts';
import { InvalidOptionError } from './errors.ts';
import { leavable } from './leavable.ts';
import {
  type Prompt,
  type ResolvedOptions,
  resolveOptions,
  type StreamOptions,
  type UserMessage,
} from './options.ts';
import { toMessages } from './prompt.ts';
import { withRetry } from './retry.ts';
import { untilAborted } from './until-aborted.ts';
import { converse } from './workers/converse.ts';
import { toLaunch, toSharedLaunch } from './workers/launch.ts';
import { toPlan } from './workers/plan.ts';
import { useWorker } from './workers/use-worker.ts';

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
  const call = beginCall(options, left);
  const { tell } = call;
  tell.start(options.model);
  const attempt = () => runAttempt(messages, call);
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
    // Whoever left gets no error, only the end.
    if (left.aborted && error === left.reason) return undefined as never;
    tell.error(error);
    throw error;
  } finally {
    await batches.return(undefined as never);
    call.dispose();
    tell.over();
  }
}

/** One worker for one call. */
function runAttempt(messages: Messages, call: Call): AsyncGenerator<ChunkEvent[], Summary> {
  const { options } = call;
  const pool = isShareable(options) ? options.pool : undefined;
  const shared = pool !== undefined;
  const plan = toPlan(options, shared);
  const launch = () => (shared ? toSharedLaunch(options) : toLaunch(options));
  const source = Array.isArray(messages) ? messages : untilAborted(messages, call.signal);
  return useWorker({ call, pool, launch, plan }, memory =>
    converse(memory, { messages: source, call, plan, shared }),
  );
}

/** What leaves traces in a worker or is counted by it over its life needs a process of its own. */
export function isShareable(options: StreamOptions): boolean {
  const { tools = [], mcpServers = {}, persistSession, resume, sessionId, maxBudgetUsd } = options;
  const own = persistSession || resume !== undefined || sessionId !== undefined || maxBudgetUsd !== undefined;
  return !own && tools.length === 0 && Object.keys(mcpServers).length === 0;
}
