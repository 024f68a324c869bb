import { ProtocolError } from '../errors.ts';
import { inquire } from './inquire.ts';
import type { ResolvedHandlerOptions } from './options.ts';
import { RequestError } from './request-error.ts';

/** A model as `GET /v1/models` lists it, from what the CLI tells of the models its login can use. */
interface Model {
  type: 'model';
  id: string;
  display_name: string;
  /** The CLI does not tell. The API uses this date for models whose release is unknown. */
  created_at: '1970-01-01T00:00:00Z';
}

/** `GET /v1/models`: all on one page. */
export async function listModels(
  _: Request,
  requestId: string,
  options: ResolvedHandlerOptions,
): Promise<Response> {
  const data = await models(options);
  const page = {
    data,
    has_more: false,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
  return Response.json(page, { headers: { 'request-id': requestId } });
}

/** `GET /v1/models/{id}`. */
export async function retrieveModel(
  { url }: Request,
  requestId: string,
  options: ResolvedHandlerOptions,
): Promise<Response> {
  const id = decodeURIComponent(new URL(url).pathname.slice('/v1/models/'.length));
  const found = (await models(options)).find(model => model.id === id);
  if (!found) throw new RequestError(404, 'not_found_error', `model: ${id}`);
  return Response.json(found, { headers: { 'request-id': requestId } });
}

/** Each handler asks its CLI once in a while; an update or another login of the CLI shows after that. */
const cache = new WeakMap<ResolvedHandlerOptions, { answer: Promise<Model[]>; until: number }>();
const lifetime = 5 * 60_000;

function models(options: ResolvedHandlerOptions): Promise<Model[]> {
  const known = cache.get(options);
  if (known && known.until > Date.now()) return known.answer;
  const answer = askForModels(options);
  cache.set(options, { answer, until: Date.now() + lifetime });
  answer.catch(() => cache.delete(options));
  return answer;
}

async function askForModels({ maxBodyLength, ...options }: ResolvedHandlerOptions): Promise<Model[]> {
  const plan = { initialize: undefined, settings: undefined, tools: [], history: [] };
  const { models } = await inquire(plan, options, memory => memory.worker.request({ subtype: 'initialize' }));
  if (!Array.isArray(models)) throw new ProtocolError('initialize was answered without models');
  const listed = models.flatMap((model: CliModel) => toModel(model));
  // `default` and an alias may stand for the same model; the alias has the plainer name.
  return [...new Map(listed.map(model => [model.id, model])).values()];
}

interface CliModel {
  value?: unknown;
  resolvedModel?: unknown;
  displayName?: unknown;
}

function toModel({ value, resolvedModel, displayName }: CliModel): Model[] {
  const id = resolvedModel ?? value;
  if (typeof id !== 'string') return [];
  return [{ type: 'model', id, display_name: String(displayName ?? id), created_at: '1970-01-01T00:00:00Z' }];
}
