import { countTokens } from './count-tokens.ts';
import { createMessage } from './create-message.ts';
import { listModels, retrieveModel } from './models.ts';
import { type HandlerOptions, type ResolvedHandlerOptions, resolveHandlerOptions } from './options.ts';
import { RequestError } from './request-error.ts';
import { errorResponse, newRequestId } from './to-error-response.ts';

/** Answers one HTTP request. Rejects only when the request was aborted, with the reason of its signal. */
export type Handler = (request: Request) => Promise<Response>;

/**
 * The Messages API, answered by the Claude CLI: `POST /v1/messages`, `POST /v1/messages/count_tokens`,
 * `GET /v1/models` and `GET /v1/models/{id}`, with the API's own bodies, streams and errors. Headers that carry a key
 * are not looked at: the CLI signs in by itself.
 *
 * ```ts
 * export const POST = createHandler(); // a route of Next.js
 * ```
 *
 * @throws {InvalidOptionError} when called; whatever goes wrong later is a response.
 */
export function createHandler(options: HandlerOptions = {}): Handler {
  const resolved = resolveHandlerOptions(options);
  return async request => {
    const requestId = newRequestId();
    try {
      return await route(request)(request, requestId, resolved);
    } catch (error) {
      request.signal.throwIfAborted();
      return errorResponse(error, requestId);
    }
  };
}

type Route = (request: Request, requestId: string, options: ResolvedHandlerOptions) => Promise<Response>;

const routes: { path: RegExp; method: string; route: Route }[] = [
  { path: /^\/v1\/messages$/, method: 'POST', route: createMessage },
  { path: /^\/v1\/messages\/count_tokens$/, method: 'POST', route: countTokens },
  { path: /^\/v1\/models$/, method: 'GET', route: listModels },
  { path: /^\/v1\/models\/[^/]+$/, method: 'GET', route: retrieveModel },
];

/** @throws {RequestError} 404, 405 */
function route({ url, method }: Request): Route {
  const { pathname } = new URL(url);
  const found = routes.find(({ path }) => path.test(pathname));
  if (!found) throw new RequestError(404, 'not_found_error', `Not found: ${pathname}`);
  if (found.method !== method) {
    throw new RequestError(405, 'invalid_request_error', `Method not allowed: ${method} ${pathname}`);
  }
  return found.route;
}
