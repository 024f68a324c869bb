import type { CliMessage } from './messages.ts';

export type ParsedLine = { ok: true; message: CliMessage } | { ok: false; problem: string; cause?: unknown };

/** One line of the CLI's stdout as a message. A wrong line is a value, not an exception: the reader decides. */
export function parseLine(line: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    return { ok: false, problem: 'a line is not JSON', cause };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, problem: 'a line is not a JSON object' };
  }
  if (!('type' in value) || typeof value.type !== 'string') {
    return { ok: false, problem: 'a message has no type' };
  }
  return { ok: true, message: value as CliMessage };
}
