import { createReadStream, existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { InvalidOptionError } from '../errors.ts';
import type { Handler } from '../messages/handler.ts';
import { readBody } from '../messages/read-body.ts';
import { invalidRequest, RequestError } from '../messages/request-error.ts';
import { errorResponse, newRequestId } from '../messages/to-error-response.ts';
import { createBatchRunner } from './message-batch-runner.ts';
import { type BatchFacts, type BatchStore, openBatchStore } from './message-batch-store.ts';
import { readBatchRequests } from './read-batch-requests.ts';

/** Options of `createBatchesHandler()`. */
export interface BatchesOptions {
  /** Where batches are kept: made with mode 0700 where it is missing, files with 0600. Nothing in it expires. */
  directory: string;
  /** Requests of all batches that run at the same time. Default: 2, which leaves room for those who wait. */
  concurrency?: number;
  /** How often a request is tried whose failure may pass (429, 5xx). Default: 3. */
  attempts?: number;
  /** Bytes of a request's body, at most. Default: 33,554,432 (32 MiB). */
  maxBodyLength?: number;
}

/** Answers the Message Batches API, and passes on every other request. */
export interface BatchesHandler extends AsyncDisposable {
  (request: Request): Promise<Response>;
  /** Ends what runs. It goes on when the next handler is created for the directory. */
  close(): Promise<void>;
}

/**
 * The Message Batches API in front of a Messages API handler: `client.messages.batches.*` of the official SDK works.
 * Batches are on disk and go on after a restart, at no lower price and without waiting: each request goes to `handler`.
 * Whoever may call it sees the batches of all.
 *
 * ```ts
 * const handler = createBatchesHandler(createHandler(), { directory: '/var/lib/app/batches' });
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function createBatchesHandler(handler: Handler, options: BatchesOptions): BatchesHandler {
  const { directory, concurrency = 2, attempts = 3, maxBodyLength = 32 * 1024 * 1024 } = options;
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    throw new InvalidOptionError('attempts', attempts, 'a whole number from 1');
  const store = openBatchStore(directory);
  const runner = createBatchRunner(handler, store, { concurrency, attempts });
  const find = (id: string): BatchFacts | undefined => {
    const batch = store.find(id);
    if (batch && !store.ended(id)) runner.run(batch);
    return batch;
  };
  const found = (id = ''): BatchFacts => {
    const batch = find(id);
    if (!batch) throw new RequestError(404, 'not_found_error', `Message batch ${id} not found.`);
    return batch;
  };
  const resumed = store.ids().then(async ids => {
    ids.forEach(find);
    await store.sweep();
  });
  // A folder that cannot be read is told to whoever asks.
  resumed.catch(() => {});

  const answer = async (request: Request, url: URL): Promise<Response> => {
    const [, id, action] = url.pathname.slice(root.length).split('/');
    const show = (batch: BatchFacts) => toMessageBatch(batch, store, url.origin);
    switch (`${request.method} ${id === undefined ? '' : 'one'} ${action ?? ''}`.trim()) {
      case 'POST': {
        const requests = readBatchRequests(await readBody(request, maxBodyLength));
        const batch = await store.create(requests, keptHeaders(request));
        runner.run(batch);
        return Response.json(show(batch));
      }
      case 'GET':
        return Response.json(
          toPage(await store.ids(), url.searchParams, id => {
            const batch = find(id);
            return batch && show(batch);
          }),
        );
      case 'GET one':
        return Response.json(show(found(id)));
      case 'POST one cancel': {
        const batch = found(id);
        if (!store.ended(batch.id) && !store.canceledAt(batch.id)) await store.cancel(batch.id);
        return Response.json(show(batch));
      }
      case 'DELETE one': {
        const batch = found(id);
        if (!store.ended(batch.id))
          throw invalidRequest(`Message batch ${batch.id} has not ended: cancel it.`);
        await store.delete(batch.id);
        return Response.json({ id: batch.id, type: 'message_batch_deleted' });
      }
      case 'GET one results':
        return toResults(found(id), store);
      default:
        throw new RequestError(404, 'not_found_error', `Not found: ${request.method} ${url.pathname}`);
    }
  };

  const handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    if (url.pathname !== root && !url.pathname.startsWith(`${root}/`)) return handler(request);
    try {
      return await answer(request, url);
    } catch (error) {
      return errorResponse(error, newRequestId());
    }
  };
  const close = async () => {
    await resumed.catch(() => {});
    await runner.close();
  };
  return Object.assign(handle, { close, [Symbol.asyncDispose]: close });
}

const root = '/v1/messages/batches';

/** What shapes an answer. A credential is not stored. */
function keptHeaders({ headers }: Request): Record<string, string> {
  const names = ['anthropic-version', 'anthropic-beta'];
  return Object.fromEntries(
    names.flatMap(name => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

/** As the API shows a batch. Its counts are of ended batches only: until then all requests are being processed. */
function toMessageBatch(
  { headers: _, total, ...facts }: BatchFacts,
  store: BatchStore,
  origin: string,
): object {
  const ended = store.ended(facts.id);
  const canceledAt = store.canceledAt(facts.id) ?? null;
  const counts = { processing: total, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
  return {
    ...facts,
    type: 'message_batch',
    processing_status: ended ? 'ended' : canceledAt ? 'canceling' : 'in_progress',
    request_counts: ended?.counts ?? counts,
    ended_at: ended?.at ?? null,
    cancel_initiated_at: canceledAt,
    archived_at: null,
    results_url: ended ? `${origin}${root}/${facts.id}/results` : null,
  };
}

/** `before_id` and `after_id` are of the list, newest first: after is older. */
function toPage(ids: string[], query: URLSearchParams, show: (id: string) => object | undefined): object {
  const limit = Number(query.get('limit') ?? 20);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 1000)
    throw invalidRequest('limit: a whole number from 1 to 1000');
  const [after, before] = [query.get('after_id'), query.get('before_id')];
  const end = before === null ? ids.length : ids.findIndex(id => id <= before);
  const start = after === null ? 0 : ids.findIndex(id => id < after);
  const range = start === -1 ? [] : ids.slice(start, end === -1 ? ids.length : end);
  const page = before === null ? range.slice(0, limit) : range.slice(-limit);
  return {
    data: page.flatMap(id => show(id) ?? []),
    has_more: page.length < range.length,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  };
}

function toResults({ id }: BatchFacts, store: BatchStore): Response {
  if (!store.ended(id)) throw invalidRequest(`Message batch ${id} has not ended: it has no results yet.`);
  const { results } = store.paths(id);
  const headers = { 'content-type': 'application/x-jsonl' };
  if (!existsSync(results)) return new Response('', { headers });
  return new Response(Readable.toWeb(createReadStream(results)) as ReadableStream<Uint8Array>, { headers });
}
