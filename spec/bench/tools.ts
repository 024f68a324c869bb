import { setTimeout as sleep } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { listen } from '../../lib/diagnostics.ts';
import { createFetch } from '../../lib/messages/fetch.ts';
import { resolveOptions } from '../../lib/options.ts';
import { toLaunch } from '../../lib/workers/launch.ts';
import { createPool } from '../../lib/workers/pool.ts';
import { Mark } from './ask.ts';
import { ClaudeProcess } from './claude-process.ts';
import { model } from './paths.ts';
import { type Findings, Table } from './report.ts';
import type { Setting } from './setting.ts';
import { ratioOf, shuffled, spreadOf } from './statistics.ts';

const ours = 'official SDK over createFetch() and a pool';
const byHand = 'process driven by hand';
const prompt = 'Go, steps:5 deltas:20';
const tool = { name: 'step', description: 'A step', input_schema: { type: 'object' as const } };

/** Five tool calls and an answer: six requests. Over the official SDK, and on a process driven by hand. */
export async function tools({ env, rounds = 10 }: Setting): Promise<Findings> {
  const table = new Table('A loop of 5 tool calls', ['to result, ms', 'processes started'], [ours, byHand]);
  await using pool = createPool({ warm: 0, max: 2 });
  const client = new Anthropic({
    apiKey: 'unused',
    maxRetries: 0,
    fetch: createFetch({ env: { ...env }, pool }),
  });
  let started = 0;
  const ignore = listen({ worker: ({ origin }) => void (origin === 'cold' && started++) });
  const launch = toLaunch(resolveOptions({ model, env: { ...env } }));
  const claude = new ClaudeProcess({ ...launch, args: [...launch.args, '--allowedTools', 'mcp__bench'] });
  await claude.control({ subtype: 'mcp_set_servers', servers: { bench: { type: 'sdk', name: 'bench' } } });

  const loops: Record<string, () => Promise<void>> = {
    [ours]: async () => {
      while (pool.stats.busy > 0) await sleep(2);
      await loopOf(client);
    },
    [byHand]: () => claude.turn(prompt, new Mark()),
  };
  for (let round = 0; round <= rounds; round++) {
    for (const [name, loop] of shuffled(Object.entries(loops))) {
      started = 0;
      const startedAt = performance.now();
      await loop();
      const ms = performance.now() - startedAt;
      if (round > 0) table.add(name, { 'to result, ms': ms, 'processes started': started });
    }
  }
  ignore();
  await claude.end();
  return {
    tables: [table],
    targets: [
      {
        what: '5-step tool loop / driven by hand',
        measured: ratioOf(table.samples(ours, 'to result, ms'), table.samples(byHand, 'to result, ms')),
        limit: { atMost: 1.2 },
      },
      {
        what: '5-step tool loop, extra processes',
        measured: spreadOf(table.samples(ours, 'processes started')),
        limit: { atMost: 0 },
      },
    ],
  };
}

async function loopOf(client: Anthropic): Promise<void> {
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: prompt }];
  for (;;) {
    const message = await client.messages
      .stream({ model, max_tokens: 1000, messages, tools: [tool] })
      .finalMessage();
    const calls = message.content.filter(block => block.type === 'tool_use');
    if (calls.length === 0) return;
    messages.push(
      { role: 'assistant', content: message.content },
      {
        role: 'user',
        content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'done' })),
      },
    );
  }
}
