import { Hono } from 'hono';
import type { Call, Calls } from '../calls.ts';
import { errorBody, errorResponse } from '../error-response.ts';
import type { AppEnvironment } from '../exchange.ts';
import { readBody } from '../read-body.ts';
import { createEventReader } from '../sse-events.ts';
import { toModel, toModelList } from './models.ts';
import { type ChatRequest, type Problem, parseChatRequest } from './request.ts';
import { createChunkMapper } from './to-chat-chunks.ts';
import { type Message, toChatCompletion } from './to-chat-completion.ts';
import { toMessagesRequest, UnmappedError } from './to-messages-request.ts';

export interface OpenaiOptions {
  calls: Calls;
  maxBodySize: number;
}

/** Chat completions and models as OpenAI clients know them, answered by the same handler as the Messages API. */
export function openaiRoutes({ calls, maxBodySize }: OpenaiOptions): Hono<AppEnvironment> {
  const app = new Hono<AppEnvironment>();

  app.post('/chat/completions', async ({ req: { raw }, env }) => {
    const bytes = await readBody(raw, maxBodySize);
    const mapped = bytes instanceof Response ? bytes : toCall(raw, bytes);
    if (mapped instanceof Response) return toOpenaiError(mapped);
    const response = await calls.answer(mapped.call, env.exchange);
    if (!response.ok) return toOpenaiError(response);
    return mapped.chat.stream ? streamChunks(response, mapped.chat) : wholeCompletion(response);
  });

  app.get('/models/:id?', async ({ req, env }, next) => {
    const { raw } = req;
    const { headers, signal } = raw;
    const id = req.param('id');
    // Both kinds of clients ask here: those of the Messages API always name its version.
    if (headers.has('anthropic-version') || !headers.has('authorization')) return next();
    const url = new URL(raw.url);
    url.search = id === undefined ? '?limit=1000' : '';
    const versioned = new Headers({ 'anthropic-version': '2023-06-01' });
    const call = { method: 'GET', url: url.href, headers: versioned, signal, body: null };
    const response = await calls.answer(call, env.exchange);
    if (!response.ok) return toOpenaiError(response);
    const body: unknown = await response.json();
    return Response.json(id === undefined ? toModelList(body) : toModel(body), headersOf(response));
  });
  return app;
}

function toCall(raw: Request, bytes: Uint8Array | null): Response | { call: Call; chat: ChatRequest } {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
  } catch {
    return errorResponse(400, 'The body is not JSON');
  }
  const parsed = parseChatRequest(body);
  if (!parsed.ok) return refuse(parsed.problem);
  try {
    const json = JSON.stringify(toMessagesRequest(parsed.request));
    const headers = new Headers({ 'content-type': 'application/json', 'anthropic-version': '2023-06-01' });
    const url = new URL('/v1/messages', raw.url).href;
    const call = { method: 'POST', url, headers, signal: raw.signal, body: new TextEncoder().encode(json) };
    return { call, chat: parsed.request };
  } catch (error) {
    if (error instanceof UnmappedError) return refuse(error);
    throw error;
  }
}

function refuse({ param, message }: Problem): Response {
  const { error } = errorBody(400, message);
  return Response.json({ error: { ...error, param } }, { status: 400 });
}

async function wholeCompletion(response: Response): Promise<Response> {
  const message = (await response.json()) as Message;
  return Response.json(toChatCompletion(message), headersOf(response));
}

function streamChunks(response: Response, { stream_options: options }: ChatRequest): Response {
  const read = createEventReader();
  const mapper = createChunkMapper({ includeUsage: options?.include_usage === true });
  const encode = (chunks: string[]) =>
    new TextEncoder().encode(chunks.map(chunk => `data: ${chunk}\n\n`).join(''));
  const mapping = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      const bytes = encode(read(piece).flatMap(mapper.map));
      if (bytes.byteLength > 0) controller.enqueue(bytes);
    },
    flush: controller => controller.enqueue(encode(mapper.end())),
  });
  return new Response(response.body?.pipeThrough(mapping) ?? null, headersOf(response));
}

/** Of the handler's answer, without what its body has outgrown. */
function headersOf(response: Response): { headers: Headers } {
  const headers = new Headers(response.headers);
  for (const name of ['content-length', 'content-encoding']) headers.delete(name);
  return { headers };
}

/** The same status and words in OpenAI's shape. */
async function toOpenaiError(response: Response): Promise<Response> {
  const { status } = response;
  const body = (await response.json().catch(() => errorBody(status))) as ReturnType<typeof errorBody>;
  const error = { param: null, code: null, ...body.error };
  return Response.json({ error }, { status, ...headersOf(response) });
}
