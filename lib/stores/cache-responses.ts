import type { Handler } from '../messages/handler.ts';
import { type CliOptions, requestKey } from './cache-key.ts';
import { isCompleteMessage, watchBody } from './response-body.ts';
import { type CacheOptions, openCache, reportCache } from './response-cache.ts';

/** Options of `cacheResponses()`. */
export interface ResponseCacheOptions extends CacheOptions {
  /** The options of these names that the handler was given: its answers depend on them. */
  cli?: CliOptions;
}

/** A response as it is stored. */
interface StoredResponse {
  /** Milliseconds since 1970. */
  at: number;
  headers: [string, string][];
  body: string;
}

/**
 * A Messages API handler with a memory: a request whose answer is stored gets the same bytes again, whole or as a
 * stream, with `cache-status: claude-cli-stream; hit` and an `age`. Stored are complete messages only (`end_turn`,
 * `stop_sequence`, `tool_use`). `cache-control: no-store` in a request goes past the cache, `no-cache` asks again and
 * stores. With `singleFlight`, a request that is the same as a running one waits for its end.
 *
 * ```ts
 * const handler = cacheResponses(createHandler(), { ttl: 60_000 });
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function cacheResponses(handler: Handler, options: ResponseCacheOptions = {}): Handler {
  const cache = openCache(options);
  const running = new Map<string, Promise<void>>();

  return async request => {
    const directive = request.headers.get('cache-control') ?? '';
    if (!isMessages(request) || directive.includes('no-store')) return handler(request);
    const startedAt = performance.now();
    const key = await requestKey(request, await request.clone().text(), options);
    let shared = false;
    for (let other = running.get(key); other; other = running.get(key)) {
      shared = true;
      await other;
    }
    const over = options.singleFlight ? enter(running, key) : () => {};

    const stored = directive.includes('no-cache') && !shared ? undefined : await cache.get(key, readStored);
    reportCache(stored ? (shared ? 'shared' : 'hit') : 'miss', startedAt);
    if (stored) {
      over();
      return replayed(stored);
    }
    try {
      const response = await handler(request);
      response.headers.set('cache-status', `${name}; fwd=uri-miss`);
      return watchBody(response, cache.maxAnswerLength, {
        over,
        async complete(body) {
          if (response.status !== 200 || !isCompleteMessage(body)) return;
          const kept = ['content-type', 'request-id'].map(header => [
            header,
            response.headers.get(header) ?? '',
          ]);
          await cache.set(key, JSON.stringify({ at: Date.now(), headers: kept, body }));
        },
      });
    } catch (error) {
      over();
      throw error;
    }
  };
}

const name = 'claude-cli-stream';

function isMessages({ method, url }: Request): boolean {
  return method === 'POST' && new URL(url).pathname === '/v1/messages';
}

function readStored(text: string): StoredResponse | undefined {
  const { at, headers, body }: Partial<StoredResponse> = JSON.parse(text);
  if (typeof at !== 'number' || !Array.isArray(headers) || typeof body !== 'string') return undefined;
  return { at, headers, body };
}

function replayed({ at, headers, body }: StoredResponse): Response {
  const age = String(Math.max(0, Math.floor((Date.now() - at) / 1000)));
  return new Response(body, { headers: [...headers, ['age', age], ['cache-status', `${name}; hit`]] });
}

/** @returns a function that lets those in who wait. */
function enter(running: Map<string, Promise<void>>, key: string): () => void {
  let over = () => {};
  const ended = new Promise<void>(resolve => {
    over = () => {
      // Called again when somebody else may be running.
      if (running.get(key) === ended) running.delete(key);
      resolve();
    };
  });
  running.set(key, ended);
  return over;
}
