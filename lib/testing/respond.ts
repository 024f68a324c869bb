import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnswerBlock, ErrorAnswer, MessageAnswer, SettledAnswer } from './answer.ts';
import { errorBody } from './api-error.ts';
import { isToolBlock } from './blocks.ts';
import type { Connection } from './connection.ts';
import { type Message, messageEvents, wholeMessage } from './message.ts';
import type { OfflineRequest } from './request.ts';
import { sendEvents, sendWhole } from './send.ts';
import { countInput } from './tokens.ts';

/** The pace of answers that name none: milliseconds between deltas, characters per delta. */
export interface DefaultPace {
  readonly delay: number;
  readonly chunkSize: number | undefined;
}

/** Sends an answer. Resolves when it is out; rejects with the reason of `request.signal` if the client left. */
export async function respond(
  request: OfflineRequest,
  connection: Connection,
  answer: SettledAnswer,
  pace: DefaultPace,
): Promise<void> {
  const { response, signal } = connection;
  if (typeof answer === 'string') return respond(request, connection, { content: answer }, pace);
  if (isBlocks(answer)) return respond(request, connection, { content: answer }, pace);
  if ('error' in answer) return sendError(response, answer.error, request.id);
  if ('http' in answer) {
    response.writeHead(answer.http.status, answer.http.headers).end(answer.http.body);
    return;
  }

  const { delay = pace.delay, firstDelay = 0, failure } = answer;
  if (firstDelay > 0) await sleep(firstDelay, undefined, { signal });
  if ('content' in answer && failure?.kind === 'error-event' && request.body.stream !== true)
    return sendError(response, { status: 529, ...failure.error }, request.id);

  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if ('content' in answer && request.body.stream !== true) {
    response.setHeader('content-type', 'application/json');
    const body = JSON.stringify(await wholeMessage(compose(answer, request, pace)));
    return sendWhole(connection, body, failure);
  }
  response.setHeader('content-type', 'text/event-stream; charset=utf-8');
  response.setHeader('cache-control', 'no-cache');
  const events = 'content' in answer ? messageEvents(compose(answer, request, pace)) : answer.events;
  return sendEvents(connection, events, { delay, failure });
}

export function sendError(response: ServerResponse, error: ErrorAnswer['error'], requestId: string): void {
  const headers = { 'content-type': 'application/json', ...error.headers };
  response.writeHead(error.status, headers).end(errorBody(error, requestId));
}

function compose(answer: MessageAnswer, request: OfflineRequest, pace: DefaultPace): Message {
  const number = request.id.replace(/\D+/, '');
  const blocks: readonly AnswerBlock[] =
    typeof answer.content === 'string' ? [{ type: 'text', text: answer.content }] : answer.content;
  const content = blocks.map((block, position) =>
    isToolBlock(block) ? { ...block, id: block.id ?? `toolu_offline_${number}_${position}` } : block,
  );
  const callsTool = content.some(block => block.type === 'tool_use');

  return {
    content,
    id: answer.id ?? `msg_offline_${number}`,
    model: answer.model ?? request.body.model,
    stopReason: answer.stopReason ?? (callsTool ? 'tool_use' : 'end_turn'),
    stopSequence: answer.stopSequence ?? null,
    stopDetails: answer.stopDetails ?? null,
    inputTokens: countInput(request.body),
    usage: answer.usage ?? {},
    chunkSize: answer.chunkSize ?? pace.chunkSize,
  };
}

function isBlocks(answer: SettledAnswer): answer is readonly AnswerBlock[] {
  return Array.isArray(answer);
}
