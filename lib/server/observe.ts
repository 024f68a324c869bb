import type { Exchange } from './exchange.ts';
import { createEventReader } from './sse-events.ts';
import type { Trace } from './trace.ts';

/** Sees each piece of a body, and undefined at its end. */
type Observer = (piece: Uint8Array | undefined) => void;

/** Fills in an exchange from the pieces of an answer that pass by: a stream of events, or one JSON body. */
export function createObserver(exchange: Exchange, contentType: string, trace?: Trace): Observer {
  if (contentType.startsWith('text/event-stream')) return observeStream(exchange, trace);
  return /^application\/json\s*(;|$)/.test(contentType) ? observeJson(exchange, trace) : () => {};
}

function observeStream(exchange: Exchange, trace?: Trace): Observer {
  const read = createEventReader();
  return piece => {
    if (!piece) return;
    for (const { name, data } of read(piece)) {
      trace?.(exchange, 'event', data);
      if (name === 'content_block_delta') {
        exchange.firstTokenMs ??= performance.now() - exchange.startedAt;
      } else if (name === 'message_start' || name === 'message_delta' || name === 'error') {
        note(exchange, parsed(data));
      }
    }
  };
}

function observeJson(exchange: Exchange, trace?: Trace): Observer {
  const pieces: Uint8Array[] = [];
  return piece => {
    if (piece) return pieces.push(piece);
    const json = Buffer.concat(pieces).toString('utf8');
    trace?.(exchange, 'answer', json);
    note(exchange, parsed(json));
  };
}

/** `message_start` holds a message, `message_delta` its end, a JSON body is one or an error. */
function note(exchange: Exchange, body: Wire): void {
  const { model, stop_reason: stopReason = body.delta?.stop_reason, usage } = { ...body, ...body.message };
  if (typeof model === 'string') exchange.model = model;
  if (typeof stopReason === 'string') exchange.stopReason = stopReason;
  if (typeof body.error?.type === 'string') exchange.errorType = body.error.type;
  for (const [field, name] of counts) {
    const count = usage?.[field];
    if (typeof count === 'number') exchange[name] = count;
  }
}

interface Wire {
  model?: unknown;
  stop_reason?: unknown;
  usage?: Record<string, unknown>;
  delta?: { stop_reason?: unknown };
  message?: Pick<Wire, 'model' | 'stop_reason' | 'usage'>;
  error?: { type?: unknown };
}

const counts = [
  ['input_tokens', 'inputTokens'],
  ['output_tokens', 'outputTokens'],
  ['cache_read_input_tokens', 'cacheReadInputTokens'],
  ['cache_creation_input_tokens', 'cacheCreationInputTokens'],
] as const;

function parsed(json: string): Wire {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
