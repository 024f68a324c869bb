import type { StreamEvent } from '../cli/messages.ts';
import { ProtocolError } from '../errors.ts';
import { answer } from '../workers/answer.ts';
import { accumulate } from './accumulate.ts';
import { refuseWhatCannotBeCarried } from './carry.ts';
import { eventStream } from './event-stream.ts';
import { hasBreakpoints } from './has-breakpoints.ts';
import type { ResolvedHandlerOptions } from './options.ts';
import { readBody } from './read-body.ts';
import { parseRequest } from './request.ts';

/** `POST /v1/messages`: a message, or the stream of its events. Throws what went wrong before the first of them. */
export async function createMessage(
  request: Request,
  requestId: string,
  { maxBodyLength, ...options }: ResolvedHandlerOptions,
): Promise<Response> {
  const body = parseRequest(await readBody(request, maxBodyLength));
  if (options.transport === 'replay') refuseWhatCannotBeCarried(body);

  const abort = new AbortController();
  const follow = () => abort.abort(request.signal.reason);
  request.signal.addEventListener('abort', follow, { once: true });
  if (request.signal.aborted) follow();
  const done = () => request.signal.removeEventListener('abort', follow);

  let streaming = false;
  try {
    const env = hasBreakpoints(body.messages) ? { ...options.env, DISABLE_PROMPT_CACHING: '1' } : options.env;
    const events = answer(body, {
      ...options,
      ...(env && { env }),
      betas: betasOf(request),
      signal: abort.signal,
    });
    const first = await events.next();
    if (first.done) throw new ProtocolError('an answer without an event');
    if (body.stream) {
      streaming = true;
      const stream = eventStream({ first: first.value, rest: events, abort, requestId, done });
      return new Response(stream, { headers: { ...streamHeaders, 'request-id': requestId } });
    }
    const message = await accumulate(chain(first.value, events));
    return Response.json(message, { headers: { 'request-id': requestId } });
  } finally {
    if (!streaming) done();
  }
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
};

function betasOf(request: Request): string[] {
  const header = request.headers.get('anthropic-beta') ?? '';
  return header
    .split(',')
    .map(beta => beta.trim())
    .filter(beta => beta !== '');
}

async function* chain(
  first: StreamEvent,
  rest: AsyncGenerator<StreamEvent, void, undefined>,
): AsyncGenerator<StreamEvent> {
  yield first;
  yield* rest;
}
