import type { WireBlock } from '../cli/messages.ts';
import type { WireMessage } from './plan.ts';

/** A tool's result as an MCP server gives it. */
export interface McpResult {
  content: { type: 'text'; text: string }[];
  isError?: true;
}

/**
 * The results of a message that answers exactly these calls, by `tool_use` id. Undefined when it does not, or when the
 * CLI would change one of them on the way: it puts a sentence in place of an empty result and a file name in place of a
 * long one, scales images, and cleans text of characters nobody sees (measured with 2.1.330).
 */
export function toMcpResults(
  { role, content }: WireMessage,
  calls: readonly string[],
): ReadonlyMap<string, McpResult> | undefined {
  if (role !== 'user' || typeof content === 'string' || content.length !== calls.length) return undefined;
  const results = new Map<string, McpResult>();
  for (const [index, block] of content.entries()) {
    const result = block.tool_use_id === calls[index] ? toMcpResult(block) : undefined;
    if (!result) return undefined;
    results.set(String(block.tool_use_id), result);
  }
  return results;
}

function toMcpResult({ type, tool_use_id, content, is_error, ...others }: WireBlock): McpResult | undefined {
  if (type !== 'tool_result' || Object.keys(others).length > 0) return undefined;
  const texts = textsOf(content);
  if (!texts?.every(survives) || texts.join('').length > longest) return undefined;
  // Of an error the CLI makes one text.
  if (texts.length === 0 || (is_error === true && texts.length > 1)) return undefined;
  return {
    content: texts.map(text => ({ type: 'text', text })),
    ...(is_error === true && { isError: true }),
  };
}

function textsOf(content: unknown): string[] | undefined {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return undefined;
  const texts: string[] = [];
  for (const { type, text, ...others } of content as WireBlock[]) {
    if (type !== 'text' || typeof text !== 'string' || Object.keys(others).length > 0) return undefined;
    texts.push(text);
  }
  return texts;
}

/** Characters; the CLI looks closer at a result from about five times as many. */
const longest = 10_000;

/** What MCP text loses in the CLI: compatibility forms, and format, private and unassigned characters. */
function survives(text: string): boolean {
  return text.trim() !== '' && text === text.normalize('NFKC') && !/[\p{Cf}\p{Co}\p{Cn}\p{Cs}]/u.test(text);
}
