import type { BodyBlock, BodyMessage, MessagesBody } from '../request.ts';

/** A Messages body without what the CLI adds on its own. */
export interface Conversation {
  readonly system: string;
  /** The text of every user message, oldest first. */
  readonly userTexts: readonly string[];
  /** The last of `userTexts`. */
  readonly prompt: string;
  /** Images and documents of the last user message. */
  readonly media: readonly { readonly mediaType: string; readonly size: string }[];
  /** Tool results of the last user message, as text. */
  readonly toolResults: readonly string[];
}

export function readConversation(body: MessagesBody): Conversation {
  const users = body.messages.filter(message => message.role === 'user');
  const last = blocksOf(users.at(-1));
  const userTexts = users.map(message => textOf(blocksOf(message), '<system-reminder>'));
  return {
    system: textOf(blocksOf({ role: 'system', content: body.system ?? '' }), ...addedToSystem),
    userTexts,
    prompt: userTexts.at(-1) ?? '',
    media: last.filter(({ type }) => type === 'image' || type === 'document').map(describeMedia),
    toolResults: last
      .filter(({ type }) => type === 'tool_result')
      .map(({ content }) => (typeof content === 'string' ? content : textOf(asBlocks(content)))),
  };
}

/** How the CLI's own blocks of the system prompt begin. */
const addedToSystem = ['x-anthropic-billing-header', 'You are a Claude agent'];

function blocksOf(message: BodyMessage | undefined): readonly BodyBlock[] {
  const content = message?.content ?? [];
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function asBlocks(content: unknown): readonly BodyBlock[] {
  return Array.isArray(content) ? content : [];
}

/** The text of the blocks, but for those that begin with one of `added`. */
function textOf(blocks: readonly BodyBlock[], ...added: readonly string[]): string {
  const texts = blocks.flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : []));
  return texts
    .filter(text => !added.some(start => text.trimStart().startsWith(start)))
    .join('\n')
    .trim();
}

function describeMedia({ type, source }: BodyBlock) {
  const { media_type: mediaType = type, data, url } = isRecord(source) ? source : {};
  const size =
    typeof data === 'string' ? `${byteLength(data, mediaType)} bytes` : `at ${url ?? 'no address'}`;
  return { mediaType: String(mediaType), size };
}

function byteLength(data: string, mediaType: unknown): number {
  return Buffer.byteLength(data, mediaType === 'text/plain' ? 'utf8' : 'base64');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
