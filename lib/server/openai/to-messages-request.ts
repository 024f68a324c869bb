import type { ContentBlock } from '../../chunks.ts';
import type { ChatMessage, UserPart } from './chat-message.ts';
import type { ChatRequest, Problem } from './request.ts';

/** The Messages API needs a limit, Chat Completions does not. This one every current model takes. */
const defaultMaxTokens = 32_000;

/** A Chat Completions request as a Messages request. @throws {UnmappedError} naming what has no counterpart. */
export function toMessagesRequest(request: ChatRequest): Record<string, unknown> {
  const { model, stream = false, temperature, top_p, stop, tools, response_format: format } = request;
  const { system, messages } = toConversation(request.messages);
  const userId = request.safety_identifier ?? request.user;
  const effort = request.reasoning_effort;
  const output = {
    ...(effort && effort !== 'none' && { effort }),
    ...(format?.type === 'json_schema' && {
      format: { type: 'json_schema', schema: format.json_schema.schema },
    }),
  };
  const choice = toToolChoice(request);
  return {
    model,
    max_tokens: request.max_completion_tokens ?? request.max_tokens ?? defaultMaxTokens,
    ...(system.length > 0 && { system }),
    messages,
    ...(temperature !== undefined && { temperature }),
    ...(top_p !== undefined && { top_p }),
    ...(stop !== undefined && { stop_sequences: [stop].flat() }),
    ...(tools && { tools: tools.map(toTool) }),
    ...(choice && { tool_choice: choice }),
    ...(effort === 'none' && { thinking: { type: 'disabled' } }),
    ...(Object.keys(output).length > 0 && { output_config: output }),
    ...(request.service_tier && {
      service_tier: request.service_tier === 'auto' ? 'auto' : 'standard_only',
    }),
    ...(userId !== undefined && { metadata: { user_id: userId } }),
    stream,
  };
}

/** Something in a request that only a look at the whole shows to be unmappable. */
export class UnmappedError extends Error implements Problem {
  readonly param: string;

  constructor(param: string, why: string) {
    super(`${param}: ${why}`);
    this.param = param;
  }
}

interface Turn {
  role: 'user' | 'assistant';
  content: string | ContentBlock[];
}

function toConversation(messages: readonly ChatMessage[]): { system: ContentBlock[]; messages: Turn[] } {
  const system: ContentBlock[] = [];
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    if (message.role === 'system' || message.role === 'developer') {
      if (turns.length > 0)
        throw new UnmappedError(path, `a ${message.role} message can be mapped only before all others`);
      system.push(...toTexts(message.content));
    } else if (message.role === 'assistant') {
      turns.push({ role: 'assistant', content: toAssistantBlocks(message, path) });
    } else if (message.role === 'tool') {
      // All results of one answer's tool calls are one user message.
      const result = { type: 'tool_result', tool_use_id: message.tool_call_id, content: message.content };
      const last = turns.at(-1);
      if (last?.role === 'user' && Array.isArray(last.content) && last.content[0]?.type === 'tool_result')
        last.content.push(result);
      else turns.push({ role: 'user', content: [result] });
    } else {
      turns.push({ role: 'user', content: toUserContent(message.content, path) });
    }
  }
  return { system, messages: turns };
}

function toTexts(content: string | readonly { type: 'text'; text: string }[]): ContentBlock[] {
  if (typeof content !== 'string') return [...content];
  return content === '' ? [] : [{ type: 'text', text: content }];
}

function toAssistantBlocks(
  { content = '', tool_calls: calls = [] }: Extract<ChatMessage, { role: 'assistant' }>,
  path: string,
): ContentBlock[] {
  const uses = calls.map((call, index) => ({
    type: 'tool_use',
    id: call.id,
    name: call.function.name,
    input: toInput(call.function.arguments, `${path}.tool_calls[${index}].function.arguments`),
  }));
  return [...toTexts(content), ...uses];
}

function toInput(json: string, path: string): unknown {
  if (json === '') return {};
  try {
    return JSON.parse(json);
  } catch {
    throw new UnmappedError(path, 'is not JSON');
  }
}

function toUserContent(content: string | readonly UserPart[], path: string): string | ContentBlock[] {
  if (typeof content === 'string') return content;
  return content.map((part, index) => toBlock(part, `${path}.content[${index}]`));
}

function toBlock(part: UserPart, path: string): ContentBlock {
  if (part.type === 'text') return part;
  if (part.type === 'image_url') {
    const { url } = part.image_url;
    return { type: 'image', source: fromDataUrl(url) ?? { type: 'url', url } };
  }
  const source = fromDataUrl(part.file.file_data);
  if (source?.media_type !== 'application/pdf')
    throw new UnmappedError(`${path}.file.file_data`, 'only a base64 data URL of a PDF can be mapped');
  const { filename: title } = part.file;
  return { type: 'document', source, ...(title !== undefined && { title }) };
}

function fromDataUrl(url: string): { type: 'base64'; media_type: string; data: string } | undefined {
  const [, type, data] = /^data:([\w.+-]+\/[\w.+-]+);base64,(.*)$/s.exec(url) ?? [];
  return type === undefined || data === undefined ? undefined : { type: 'base64', media_type: type, data };
}

function toTool({
  function: { name, description, parameters, strict },
}: NonNullable<ChatRequest['tools']>[number]) {
  return {
    name,
    ...(description !== undefined && { description }),
    input_schema: parameters ?? { type: 'object', properties: {} },
    ...(strict === true && { strict }),
  };
}

function toToolChoice({ tool_choice: choice, parallel_tool_calls: parallel, tools }: ChatRequest) {
  if (choice === undefined && (parallel !== false || !tools?.length)) return undefined;
  if (choice === 'none') return { type: 'none' };
  const base =
    typeof choice === 'object'
      ? { type: 'tool', name: choice.function.name }
      : { type: choice === 'required' ? 'any' : 'auto' };
  return { ...base, ...(parallel === false && { disable_parallel_tool_use: true }) };
}
