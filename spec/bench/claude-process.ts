import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import split2 from 'split2';
import type { Launch } from '../../lib/workers/launch.ts';
import type { Mark } from './ask.ts';

interface Line {
  type?: string;
  event?: { type?: string; delta?: { type?: string } };
  request_id?: string;
  request?: {
    subtype?: string;
    message?: { id?: number; method?: string; params?: { protocolVersion?: string } };
  };
  response?: { request_id?: string };
}

/** The CLI driven by hand, as plainly as can be: node:child_process, split2 and JSON.parse. */
export class ClaudeProcess {
  readonly child: ChildProcess;
  #onLine: (line: Line) => void = () => {};
  readonly #gone: Promise<void>;
  #requests = 0;

  constructor({ file, args, cwd, env }: Launch) {
    this.child = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#gone = once(this.child, 'exit').then(() => {});
    this.child.stdout?.pipe(split2(JSON.parse)).on('data', (line: Line) => {
      if (line.type === 'control_request') this.#answerTools(line);
      else this.#onLine(line);
    });
  }

  async turn(prompt: string, mark: Mark): Promise<void> {
    const over = this.#until(line => {
      if (line.event?.delta?.type === 'text_delta') mark.text();
      if (line.type !== 'result') return false;
      mark.result();
      return true;
    });
    this.#write({ type: 'user', message: { role: 'user', content: prompt }, parent_tool_use_id: null });
    await over;
  }

  async control(request: Record<string, unknown>): Promise<void> {
    const request_id = String(++this.#requests);
    const answered = this.#until(line => line.response?.request_id === request_id);
    this.#write({ type: 'control_request', request_id, request });
    await answered;
  }

  async end(): Promise<void> {
    this.child.stdin?.end();
    await this.#gone;
  }

  #write(line: unknown): void {
    this.child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  #until(isLast: (line: Line) => boolean): Promise<void> {
    const seen = new Promise<void>(resolve => {
      this.#onLine = line => isLast(line) && resolve();
    });
    const exited = this.#gone.then(() => {
      throw new Error('the CLI has exited');
    });
    exited.catch(() => {});
    return Promise.race([seen, exited]);
  }

  /** An MCP server with one tool, which answers at once. */
  #answerTools({ request_id, request }: Line): void {
    const { id, method, params } = request?.message ?? {};
    const results: Record<string, unknown> = {
      initialize: {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'bench', version: '1' },
      },
      'tools/list': { tools: [{ name: 'step', description: 'A step', inputSchema: { type: 'object' } }] },
      'tools/call': { content: [{ type: 'text', text: 'done' }] },
    };
    const mcp_response = { jsonrpc: '2.0', id: id ?? 0, result: results[method ?? ''] ?? {} };
    const response = { subtype: 'success', request_id, response: { mcp_response } };
    this.#write({ type: 'control_response', response });
  }
}
