import type { BodyBlock, BodyMessage, MessagesBody } from '../../lib/testing/index.ts';

/** A request without what the CLI adds to it and changes about its form; docs/messages.md has the list. */
export function callersPart({
  system = [],
  messages,
  tools = [],
  stream,
  metadata,
  ...settings
}: MessagesBody) {
  return {
    ...settings,
    ...(isTheClis(metadata) ? {} : { metadata }),
    system: blocksOf(system)
      .map(block => block.text ?? '')
      .filter(text => !/^(x-anthropic-billing-header|You are a Claude agent)/.test(text))
      .join('\n\n'),
    messages: messages
      .filter(({ role }) => role !== 'system')
      .map(({ role, content }) => ({ role, content: blocksOf(content).map(withoutBreakpoint) })),
    tools: [...tools].sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

/** Text as a string and as one block are the same to the API. */
function blocksOf(content: BodyMessage['content']): readonly BodyBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** The CLI puts its own cache breakpoints. */
function withoutBreakpoint({ cache_control, ...block }: BodyBlock): BodyBlock {
  return block;
}

function isTheClis(metadata: unknown): boolean {
  return metadata === undefined || JSON.stringify(metadata).includes('session_id');
}
