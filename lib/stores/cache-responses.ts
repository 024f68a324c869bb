import type { Handler } from '../messages/handler.ts';
import { requestWith } from '../request-with.ts';
import { type CliOptions, requestKey } from './cache-key.ts';
import { type CacheOptions, openCache, reportCache } from './response-cache.ts';
import { isCompleteMessage, type Piece, readResponse, toResponse } from './response-pieces.ts';
import { SharedRun } from './shared-run.ts';

/** Options of `cacheResponses()`. */
export interface ResponseCacheOptions extends CacheOptions {
  /** The options that the handler was given: its answers depend on some of them. */
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
 * stores. With `singleFlight`, a request that is the same as a running one shares its answer, whatever that is.
 *
 * ```ts
 * const handler = cacheResponses(createHandler(), { ttl: 60_000 });
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function cacheResponses(handler: Handler, options: ResponseCacheOptions = {}): Handler {
  const cache = openCache(options);
  const runs = new Map<string, SharedRun<Piece, void>>();

  return async request => {
    const directive = request.headers.get('cache-control')?.toLowerCase() ?? '';
    if (!isMessages(request) || directive.includes('no-store')) return handler(request);
    const startedAt = performance.now();
    const body = await readText(request);
    if (typeof body !== 'string') return handler(withBody(request, body));
    // Without a CLI there is no key: the handler says so in its own words.
    const key = await requestKey(request, body, options).catch(() => undefined);
    if (key === undefined) return handler(withBody(request, body));

    const refresh = directive.includes('no-cache');
    const stored = refresh ? undefined : await cache.get(key, readStored);
    const running = stored ? undefined : runs.get(key);
    reportCache(stored ? 'hit' : running ? 'shared' : 'miss', startedAt);
    if (stored) return replayed(stored);

    request.signal.throwIfAborted();
    const run = running ?? start(key, request, body);
    const pieces = run.join({ signals: [request.signal] });
    const why = `fwd=${refresh ? 'request' : 'miss'}${running ? '; collapsed' : ''}`;
    return toResponse(pieces, { 'cache-status': `${name}; ${why}` });
  };

  function start(key: string, request: Request, body: string) {
    const ask = (signal: AbortSignal) => handler(withBody(request, body, signal));
    const pieces = readResponse(ask, cache.maxAnswerLength, async (response, text) => {
      if (response.status !== 200 || !isCompleteMessage(text)) return;
      const kept = ['content-type', 'request-id'].map(header => [header, response.headers.get(header) ?? '']);
      await cache.set(key, JSON.stringify({ at: Date.now(), headers: kept, body: text }));
    });
    const run = new SharedRun(pieces, () => runs.delete(key));
    if (options.singleFlight) runs.set(key, run);
    return run;
  }
}

const name = 'claude-cli-stream';

function isMessages({ method, url }: Request): boolean {
  return method === 'POST' && new URL(url).pathname === '/v1/messages';
}

/** Characters. */
const maxBodyLength = 32 * 1024 * 1024;

/** The body as text; as a stream, for the handler to refuse, when it is too long, not UTF-8 or breaks off. */
async function readText({ body }: Request): Promise<string | ReadableStream> {
  const reader = body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const read: Uint8Array[] = [];
  try {
    for (let text = ''; text.length <= maxBodyLength; ) {
      const { value, done } = await reader.read();
      if (done) return text + decoder.decode();
      read.push(value);
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // Whoever reads it meets the same problem.
  }
  return ReadableStream.from(again(read, reader));
}

/** What was read already, then the rest. */
async function* again(read: readonly Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    yield* read;
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}

/** The request once more, as it was before its body was read. A clone would do on newer versions of Node only. */
function withBody(request: Request, body: string | ReadableStream, signal = request.signal): Request {
  const { url, method, headers } = request;
  return requestWith(signal, url, { method, headers, body });
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
