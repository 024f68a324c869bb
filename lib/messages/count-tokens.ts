import { ProtocolError } from '../errors.ts';
import type { MessagesRequest } from '../workers/messages-request.ts';
import { replay } from '../workers/replay.ts';
import { refuseWhatCannotBeCarried } from './carry.ts';
import { inquire } from './inquire.ts';
import type { ResolvedHandlerOptions } from './options.ts';
import { readBody } from './read-body.ts';
import { parseCountRequest } from './request.ts';

/**
 * `POST /v1/messages/count_tokens`. The CLI counts what it holds by asking the API, part by part: the messages as one
 * request, so exactly; system prompt and tools each on their own, so with a few tokens more than together.
 */
export async function countTokens(
  request: Request,
  requestId: string,
  { maxBodyLength, ...options }: ResolvedHandlerOptions,
): Promise<Response> {
  const body = parseCountRequest(await readBody(request, maxBodyLength));
  refuseWhatCannotBeCarried(body);
  const input_tokens = await inquire(toPlan(body), { ...options, signal: request.signal }, async memory => {
    const { totalTokens } = await memory.worker.request({ subtype: 'get_context_usage' });
    if (typeof totalTokens !== 'number')
      throw new ProtocolError('get_context_usage was answered without a count');
    return totalTokens;
  });
  return Response.json({ input_tokens }, { headers: { 'request-id': requestId } });
}

/** All messages are history: there is no question to answer. */
function toPlan(body: MessagesRequest) {
  return { ...replay(body), history: body.messages };
}
