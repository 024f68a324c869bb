import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { streamResponse } from '../../lib/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { outcomeOf, readTo, until } from '../fixtures/outcome.ts';
import { type Watch, watchProcesses, withCommand } from '../fixtures/processes.ts';

let api: OfflineApi;
let watch: Watch;

beforeAll(async () => {
  api = await startOfflineApi();
});

beforeEach(() => {
  api.reset();
  watch = watchProcesses();
});

afterEach(() => watch.stop());

afterAll(() => api.close());

describe('what the CLI started ends with the call', () => {
  it.each(['the caller leaves', 'the CLI is killed'])(
    'a Bash tool in a session of its own: %s',
    async how => {
      const marker = `9${process.pid}${how.length}`;
      api.reply([
        { type: 'tool_use', name: 'Bash', input: { command: `trap '' TERM; sleep ${marker}; sleep 1` } },
      ]);
      const stream = streamResponse('go', { env: api.env, tools: ['Bash'], allowedTools: ['Bash'] });
      await readTo(stream, 'tool-call');
      const next = stream.next();
      await until(() => withCommand(marker).length > 0, 'the tool runs');
      if (how === 'the CLI is killed') process.kill(Number(watch.pids[0]), 'SIGKILL');
      else await stream.return({} as never);
      await next.catch(() => {});
      await outcomeOf(stream);
      await until(() => withCommand(marker).length === 0, 'the tool is gone');
      expect(watch.left()).toEqual([]);
    },
  );

  it('an MCP server that ignores every signal but one', async () => {
    const server = fileURLToPath(new URL('../fixtures/waits.mcp.mjs', import.meta.url));
    const marker = `--marker=${process.pid}`;
    api.reply([{ type: 'tool_use', name: 'mcp__waits__wait', input: {} }]);
    const stream = streamResponse('go', {
      env: api.env,
      mcpServers: { waits: { command: process.execPath, args: [server, marker] } },
      allowedTools: ['mcp__waits'],
    });
    await readTo(stream, 'tool-call');
    expect(withCommand(marker).length).toBeGreaterThan(0);
    await stream.return({} as never);
    await until(() => withCommand(marker).length === 0, 'the server is gone');
  });
});
