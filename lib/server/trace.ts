import type { Exchange } from './exchange.ts';
import type { Logger } from './log.ts';

/** What is written to the log, at level `debug`, of requests, of what the CLI is told and says, and of answers. */
export type LogContent = 'none' | 'redacted' | 'full';

/** Writes something that was said to the log: as JSON text, or as what that text means. */
export type Trace = (exchange: Exchange, what: Said, content: string | object) => void;

type Said = 'request' | 'toCli' | 'fromCli' | 'event' | 'answer';

/** `redacted` shows the shape of what was said: the length of every text, and the text of none. */
export function createTrace(logger: Logger, content: LogContent): Trace | undefined {
  if (content === 'none') return undefined;
  return ({ id }, what, said) => {
    const value = typeof said === 'string' ? parsed(said) : said;
    logger.debug({ id, [what]: content === 'full' ? value : redacted(value) }, 'content');
  };
}

/** Fields whose values are words of the protocol. Everything else may be somebody's. */
const protocol = new Set(
  ['type', 'id', 'role', 'model', 'stop_reason', 'service_tier', 'media_type'].concat([
    'subtype',
    'uuid',
    'session_id',
    'request_id',
    'tool_use_id',
  ]),
);

/** A tool's input, a schema and what follows it name their own fields: nothing inside is the protocol's. */
const opaque = new Set(['input', 'arguments', 'input_schema', 'inputSchema', 'schema', 'structured_output']);

function redacted(value: unknown, field = ''): unknown {
  if (typeof value === 'string') return protocol.has(field) ? value : `(${value.length} characters)`;
  if (Array.isArray(value)) return value.map(entry => redacted(entry, field));
  if (typeof value !== 'object' || value === null) return value;
  if (opaque.has(field)) return '(an object)';
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, redacted(entry, name)]));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
