import type { ControlRequestMessage, JsonRpcMessage } from '../cli/messages.ts';
import type { McpTool } from './plan.ts';

/**
 * Names of the MCP server under which the CLI knows the caller's tools. They take turns: a server that is taken away
 * and comes back under the same name keeps its old tools as well (measured with 2.1.330).
 */
export const toolServerNames = ['caller', 'caller2'] as const;

export type ToolServerName = (typeof toolServerNames)[number];

/**
 * Our side of an MCP server that only lists tools. A call is never answered: the caller runs its own tools, and the
 * turn is interrupted where the model asks for one.
 */
export function toToolServer(
  tools: readonly McpTool[],
): (message: ControlRequestMessage) => ToolServerAnswer {
  return ({ request }) => {
    if (request?.subtype !== 'mcp_message' || !isOurs(request.server_name)) return { kind: 'unsupported' };
    const { message = {} } = request;
    if (message.method === 'tools/call') return { kind: 'parked' };
    return {
      kind: 'answer',
      response: { mcp_response: { jsonrpc: '2.0', id: message.id ?? 0, result: result(message, tools) } },
    };
  };
}

export type ToolServerAnswer =
  | { kind: 'answer'; response: Record<string, unknown> }
  | { kind: 'parked' }
  | { kind: 'unsupported' };

function result({ method, params }: JsonRpcMessage, tools: readonly McpTool[]): Record<string, unknown> {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'caller', version: '1' },
      };
    case 'tools/list':
      return { tools };
    default:
      return {};
  }
}

function isOurs(name: unknown): boolean {
  return toolServerNames.some(ours => ours === name);
}
