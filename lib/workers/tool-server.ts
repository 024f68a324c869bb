import type { ControlRequestMessage, JsonRpcMessage } from '../cli/messages.ts';
import type { McpTool } from './plan.ts';
import type { McpResult } from './tool-results.ts';

/**
 * Names of the MCP server under which the CLI knows the caller's tools. They take turns: a server that is taken away
 * and comes back under the same name keeps its old tools as well (measured with 2.1.330).
 */
export const toolServerNames = ['caller', 'caller2'] as const;

export type ToolServerName = (typeof toolServerNames)[number];

/** What the CLI is told when it asks its host; undefined: this host does not know such requests. */
export type ControlAnswer = Promise<Record<string, unknown>> | undefined;

/**
 * Our side of an MCP server that lists the caller's tools. The caller runs them: a call waits until its result is
 * brought (`answer()`), for ever if it is not, because its turn is interrupted then.
 */
export class ToolServer {
  readonly #tools: readonly McpTool[];
  /** Calls without a result, by `tool_use` id. */
  readonly #calls = new Map<string, (result: McpResult) => void>();
  /** Results without a call: the CLI makes one call after the other. */
  #results = new Map<string, McpResult>();

  constructor(tools: readonly McpTool[]) {
    this.#tools = tools;
  }

  /** Brings the results of all calls of a response, by `tool_use` id. */
  answer(results: ReadonlyMap<string, McpResult>): void {
    this.#results = new Map(results);
    for (const [id, resolve] of this.#calls) {
      const result = this.#take(id);
      if (result) resolve(result);
    }
    this.#calls.clear();
  }

  handle({ request }: ControlRequestMessage): ControlAnswer {
    if (request?.subtype !== 'mcp_message' || !isOurs(request.server_name)) return undefined;
    const { message = {} } = request;
    return this.#resultOf(message).then(result => ({
      mcp_response: { jsonrpc: '2.0', id: message.id ?? 0, result },
    }));
  }

  async #resultOf({ method, params }: JsonRpcMessage): Promise<object> {
    switch (method) {
      case 'initialize':
        return {
          protocolVersion: params?.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'caller', version: '1' },
        };
      case 'tools/list':
        return { tools: this.#tools };
      case 'tools/call':
        return this.#call(idOf(params));
      default:
        return {};
    }
  }

  #call(id: string): Promise<McpResult> | McpResult {
    return this.#take(id) ?? new Promise(resolve => this.#calls.set(id, resolve));
  }

  /** A result answers one call. */
  #take(id: string): McpResult | undefined {
    const result = this.#results.get(id);
    this.#results.delete(id);
    return result;
  }
}

function idOf(params: JsonRpcMessage['params']): string {
  const meta = params?._meta;
  const id =
    typeof meta === 'object' &&
    meta !== null &&
    'claudecode/toolUseId' in meta &&
    meta['claudecode/toolUseId'];
  return String(id);
}

function isOurs(name: unknown): boolean {
  return toolServerNames.some(ours => ours === name);
}
