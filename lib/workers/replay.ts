import type { Initialize } from '../cli/initialize.ts';
import type { MessagesRequest, WireTool } from './messages-request.ts';
import type { McpTool, MessagesPlan, WorkerSettings } from './plan.ts';

/**
 * The default transport: the CLI's own message path. History goes in over stdin, tools by an MCP server, and only what
 * the CLI has no other way for (sampling, `tool_choice`, `metadata`, ...) in the extra body.
 */
export function replay(request: MessagesRequest): MessagesPlan {
  const { messages, tools = [] } = request;
  const question = messages.at(-1);
  if (question === undefined) throw new RangeError('a request has at least one message');
  return {
    initialize: systemPromptOf(request),
    settings: toSettings(request, samplingOf(request)),
    tools: tools.map(toMcpTool),
    history: messages.slice(0, -1),
    question,
    maxTokens: request.max_tokens,
    keep: true,
  };
}

/** Several blocks of a system prompt become one, with a blank line between them: the CLI joins them so. */
export function systemPromptOf({ system }: MessagesRequest): Initialize | undefined {
  const texts = typeof system === 'string' ? [system] : (system ?? []).map(block => block.text);
  return texts.join('') === '' ? undefined : { subtype: 'initialize', systemPrompt: texts };
}

/** What the request says of thinking and effort holds; where it is silent, the CLI adds nothing of its own. */
export function toSettings(request: MessagesRequest, extraBody: Record<string, unknown>): WorkerSettings {
  return {
    model: request.model,
    env: {
      CLAUDE_CODE_EXTRA_BODY: JSON.stringify(extraBody),
      CLAUDE_CODE_EFFORT_LEVEL: request.output_config?.effort ?? 'unset',
      CLAUDE_CODE_DISABLE_THINKING: request.thinking ? '' : '1',
    },
  };
}

/** The fields that shape the answer and travel in the extra body. */
export function samplingOf(request: MessagesRequest): Record<string, unknown> {
  const { model, messages, system, tools, stream, output_config, ...sampling } = request;
  const { effort, ...output } = output_config ?? {};
  return { ...sampling, ...(Object.keys(output).length > 0 ? { output_config: output } : {}) };
}

function toMcpTool({ name, description, input_schema }: WireTool): McpTool {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    inputSchema: input_schema ?? { type: 'object' },
  };
}
