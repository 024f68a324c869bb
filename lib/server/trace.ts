import type { Exchange } from './exchange.ts';
import type { Logger } from './log.ts';

/** What is written to the log, at level `debug`, of each request and of each event of its answer. */
export type LogContent = 'none' | 'redacted' | 'full';

/** Writes one JSON text of an exchange to the log. */
export type Trace = (exchange: Exchange, what: 'request' | 'event' | 'answer', json: string) => void;

/** `redacted` shows the shape of what was said: the length of every text, and the text of none. */
export function createTrace(logger: Logger, content: LogContent): Trace | undefined {
  if (content === 'none') return undefined;
  return ({ id }, what, json) => {
    const value = parsed(json);
    logger.debug({ id, [what]: content === 'full' ? value : redacted(value) }, 'content');
  };
}

/** Fields whose values are words of the protocol. Everything else may be somebody's. */
const protocol = new Set(['type', 'id', 'role', 'model', 'stop_reason', 'service_tier', 'media_type']);

function redacted(value: unknown, field = ''): unknown {
  if (typeof value === 'string') return protocol.has(field) ? value : `(${value.length} characters)`;
  if (Array.isArray(value)) return value.map(entry => redacted(entry, field));
  if (typeof value !== 'object' || value === null) return value;
  // A tool's input and a schema name their own fields: nothing inside is the protocol's.
  if (field === 'input' || field === 'input_schema' || field === 'schema') return '(an object)';
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, redacted(entry, name)]));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
