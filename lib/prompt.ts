import type { ContentBlock } from './chunks.ts';
import { InvalidOptionError } from './errors.ts';
import type { Prompt, UserMessage } from './options.ts';

/** The prompt as a conversation of checked messages. A single one is checked at once, before anything starts. */
export function toMessages(prompt: Prompt, maxLength: number): AsyncIterable<UserMessage> | [UserMessage] {
  if (typeof prompt === 'object' && prompt !== null && Symbol.asyncIterator in prompt) return prompt;
  checkMessage(prompt, maxLength);
  return [prompt];
}

/** @throws {InvalidOptionError} when the message is empty, too long or not of a kind the API takes. */
export function checkMessage(message: UserMessage, maxLength: number): void {
  if (typeof message === 'string') {
    checkText(message, maxLength, 'prompt');
    return;
  }
  if (!Array.isArray(message) || message.length === 0) {
    throw new InvalidOptionError(
      'prompt',
      message,
      'a string, an array of content blocks, or an async iterable of those',
    );
  }
  let left = maxLength;
  for (const [index, block] of message.entries()) left -= checkBlock(block, left, `prompt[${index}]`);
}

function checkBlock(block: ContentBlock, left: number, name: string): number {
  if (typeof block !== 'object' || block === null) {
    throw new InvalidOptionError(name, block, 'a content block such as { type: "text", text: "..." }');
  }
  if (block.type === 'text') {
    if (typeof block.text !== 'string') throw new InvalidOptionError(`${name}.text`, block.text, 'a string');
    checkText(block.text, left, `${name}.text`);
    return block.text.length;
  }
  if (block.type !== 'image' && block.type !== 'document') {
    throw new InvalidOptionError(`${name}.type`, block.type, 'text, image or document');
  }
  if (typeof block.source !== 'object' || block.source === null) {
    throw new InvalidOptionError(
      `${name}.source`,
      block.source,
      'a source such as { type: "base64", media_type, data }',
    );
  }
  const length = JSON.stringify(block.source).length;
  if (length > left) throw tooLong(name, length, left);
  return length;
}

function checkText(text: string, maxLength: number, name: string): void {
  if (text.trim() === '')
    throw new InvalidOptionError(name, text, 'text that is not empty or only white space');
  if (text.length > maxLength) throw tooLong(name, text.length, maxLength);
}

function tooLong(name: string, length: number, maxLength: number): InvalidOptionError {
  return new InvalidOptionError(
    name,
    `${length} characters`,
    `at most ${maxLength} characters (raise maxPromptLength)`,
  );
}
