import type { AnswerBlock, Deltas, TextAnswerBlock, ThinkingAnswerBlock, ToolAnswerBlock } from './answer.ts';
import { inPieces, joined } from './pieces.ts';

/** The `delta` of a `content_block_delta` event. */
type BlockDelta = Readonly<Record<string, unknown>> & { readonly type: string };

const defaultSignature = Buffer.from('signature of the offline API').toString('base64');

/** The block as `content_block_start` shows it: empty where deltas will fill it, whole otherwise. */
export function emptyBlock(block: AnswerBlock): Record<string, unknown> {
  if (isTextBlock(block)) return { ...block, text: '', ...(block.citations && { citations: [] }) };
  if (isThinkingBlock(block)) return { ...block, thinking: '', signature: '' };
  if (isToolBlock(block)) return { ...block, input: {} };
  return { ...block };
}

/** What fills an empty block, in pieces of `chunkSize` characters, or one word of text. */
export async function* blockDeltas(
  block: AnswerBlock,
  chunkSize: number | undefined,
): AsyncGenerator<BlockDelta> {
  if (isTextBlock(block)) {
    for await (const text of inPieces(block.text, chunkSize)) yield { type: 'text_delta', text };
    for (const citation of block.citations ?? []) yield { type: 'citations_delta', citation };
  } else if (isThinkingBlock(block)) {
    for await (const thinking of inPieces(block.thinking, chunkSize))
      yield { type: 'thinking_delta', thinking };
    yield { type: 'signature_delta', signature: block.signature ?? defaultSignature };
  } else if (isToolBlock(block)) {
    yield { type: 'input_json_delta', partial_json: '' };
    for await (const json of inPieces(inputJson(block), chunkSize ?? charactersPerJsonDelta))
      yield { type: 'input_json_delta', partial_json: json };
  }
}

const charactersPerJsonDelta = 16;

/** The block as a whole message holds it. */
export async function wholeBlock(block: AnswerBlock): Promise<Record<string, unknown>> {
  if (isTextBlock(block)) return { ...block, text: await joined(block.text) };
  if (isThinkingBlock(block)) {
    const { signature = defaultSignature } = block;
    return { ...block, thinking: await joined(block.thinking), signature };
  }
  if (isToolBlock(block)) return { ...block, input: block.input ?? {} };
  return { ...block };
}

/** Characters of the generated part of a delta or of a whole block: what output tokens are counted from. */
export function generatedLength(part: Readonly<Record<string, unknown>>): number {
  const { text, thinking, partial_json: json, input } = part;
  const generated = text ?? thinking ?? json ?? (input === undefined ? '' : JSON.stringify(input));
  return typeof generated === 'string' ? generated.length : 0;
}

export function isTextBlock(block: AnswerBlock): block is TextAnswerBlock {
  return block.type === 'text' && isDeltas(block.text);
}

export function isThinkingBlock(block: AnswerBlock): block is ThinkingAnswerBlock {
  return block.type === 'thinking' && isDeltas(block.thinking);
}

export function isToolBlock(block: AnswerBlock): block is ToolAnswerBlock {
  return toolTypes.has(block.type) && 'name' in block;
}

const toolTypes = new Set(['tool_use', 'server_tool_use', 'mcp_tool_use']);

function isDeltas(value: unknown): value is Deltas {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function inputJson(block: ToolAnswerBlock): string {
  return JSON.stringify(block.input ?? {});
}
