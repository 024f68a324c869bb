import type { WireMessage } from '../workers/plan.ts';
import { blocksOf } from './blocks-of.ts';
import { type Problem, refused } from './problem.ts';

/**
 * Every `tool_use` has its `tool_result` in the next message, and the other way round. The API asks for it too; the CLI
 * does not, and would make up or remove what has no match.
 */
export function pairingProblems(messages: readonly WireMessage[]): Problem[] {
  const seen = new Set<unknown>();
  return messages.flatMap((message, index) => {
    const asked = callsOf(messages[index - 1]);
    const answered = resultsOf(messages[index + 1]);
    return blocksOf(message).flatMap((block, position) => {
      const field = `messages.${index}.content.${position}`;
      if (message.role === 'assistant' && block.type === 'tool_use') {
        const known = seen.has(block.id);
        seen.add(block.id);
        if (known) return [refused(`${field}.id`, '`tool_use` ids must be unique')];
        if (!answered.includes(block.id)) {
          const why = `no \`tool_result\` block immediately after for this \`tool_use\` id: ${block.id}`;
          return [refused(`${field}.id`, why)];
        }
      }
      if (message.role === 'user' && block.type === 'tool_result' && !asked.includes(block.tool_use_id)) {
        const why = `unexpected \`tool_use_id\`: ${block.tool_use_id}. The previous message has no such \`tool_use\``;
        return [refused(`${field}.tool_use_id`, why)];
      }
      return [];
    });
  });
}

function callsOf(message: WireMessage | undefined): unknown[] {
  if (message?.role !== 'assistant') return [];
  return blocksOf(message).flatMap(block => (block.type === 'tool_use' ? [block.id] : []));
}

function resultsOf(message: WireMessage | undefined): unknown[] {
  if (message?.role !== 'user') return [];
  return blocksOf(message).flatMap(block => (block.type === 'tool_result' ? [block.tool_use_id] : []));
}
