import type { WireBlock } from '../cli/messages.ts';
import type { MessagesRequest } from '../workers/messages-request.ts';
import type { WireMessage } from '../workers/plan.ts';
import { blocksOf } from './blocks-of.ts';
import { pairingProblems } from './carry-pairs.ts';
import { systemProblems, toolProblems } from './carry-tools.ts';
import { isImageFile } from './is-image-file.ts';
import { cannotCarry, type Problem, refused } from './problem.ts';
import { invalidRequest } from './request-error.ts';

/**
 * What the CLI would change or leave out on its own message path, and which is refused instead. Every rule was measured
 * with CLI 2.1.330 against the offline API: the request it sent next to the one it was given.
 */
export function whatReplayCannotCarry({ messages, system, tools = [] }: MessagesRequest): Problem[] {
  return [
    ...messages.flatMap(messageProblems),
    ...pairingProblems(messages),
    ...systemProblems(system),
    ...toolProblems(tools),
  ];
}

/** @throws {RequestError} 400 for the first of them. */
export function refuseWhatCannotBeCarried(request: MessagesRequest): void {
  const [problem] = whatReplayCannotCarry(request);
  if (problem) throw invalidRequest(`${problem.field}: ${problem.message}`);
}

function messageProblems(message: WireMessage, index: number, messages: readonly WireMessage[]): Problem[] {
  const field = `messages.${index}`;
  const last = index === messages.length - 1;
  switch (message.role as string) {
    case 'user':
      return [
        ...(messages[index - 1]?.role === 'user' ? [cannotCarry(field, 'two user messages in a row')] : []),
        ...userProblems(message, field),
      ];
    case 'assistant':
      return last
        ? [cannotCarry(field, 'the beginning of an answer (prefill)')]
        : assistantProblems(message, field);
    default:
      return [cannotCarry(`${field}.role`, `a message of the role ${message.role}`)];
  }
}

function userProblems(message: WireMessage, field: string): Problem[] {
  const blocks = blocksOf(message);
  if (blocks.length === 0) return [refused(`${field}.content`, 'user messages must have non-empty content')];
  return blocks.flatMap((block, index) => {
    const at = typeof message.content === 'string' ? `${field}.content` : `${field}.content.${index}`;
    if (isBlank(block)) return [refused(at, 'text content blocks must contain non-whitespace text')];
    if (block.type === 'image' && !isImageFile(block.source)) {
      return [refused(`${at}.source.data`, 'Could not process image: not a PNG, JPEG, GIF or WebP file')];
    }
    return block.type === 'tool_result' ? resultProblems(block, at) : [];
  });
}

function resultProblems({ content, is_error }: WireBlock, field: string): Problem[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap(({ type }: WireBlock, index) => {
    const at = `${field}.content.${index}`;
    if (type === 'tool_reference') return [cannotCarry(at, 'a tool_reference')];
    if (is_error && type !== 'text')
      return [cannotCarry(at, `a block of the type ${type} in a result with is_error`)];
    return [];
  });
}

function assistantProblems(message: WireMessage, field: string): Problem[] {
  const blocks = blocksOf(message);
  if (blocks.length === 0 || blocks.every(isEmpty)) {
    return [refused(`${field}.content`, 'all messages must have non-empty content')];
  }
  if (blocks.every(block => isThinking(block) || isBlank(block))) {
    return [cannotCarry(`${field}.content`, 'a message of thinking alone')];
  }
  const firstCall = blocks.findIndex(({ type }) => type === 'tool_use');
  return blocks.flatMap((block, index) => {
    const at = `${field}.content.${index}`;
    if (block.type === 'tool_use') return callProblems(block, at);
    if (firstCall !== -1 && index > firstCall && !isThinking(block)) {
      return [cannotCarry(at, `a block of the type ${block.type} after a tool_use`)];
    }
    const { citations } = block;
    if (Array.isArray(citations) && citations.length > 0)
      return [cannotCarry(`${at}.citations`, 'citations')];
    return [];
  });
}

/** `caller: { type: 'direct' }` is the default, so the API takes its absence for the same. */
function callProblems({ type, id, name, input, caller, ...others }: WireBlock, field: string): Problem[] {
  const isDirect = caller == null || (caller as WireBlock).type === 'direct';
  const lost = Object.keys(others).filter(key => others[key] != null);
  return [...(isDirect ? [] : ['caller']), ...lost].map(key =>
    cannotCarry(`${field}.${key}`, `the field ${key}`),
  );
}

function isThinking({ type }: WireBlock): boolean {
  return type === 'thinking' || type === 'redacted_thinking';
}

function isEmpty(block: WireBlock): boolean {
  return block.type === 'text' && block.text === '';
}

function isBlank(block: WireBlock): boolean {
  return block.type === 'text' && typeof block.text === 'string' && block.text.trim() === '';
}
