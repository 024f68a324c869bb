import { query } from '@anthropic-ai/claude-agent-sdk';
import { createLimiter } from '../../lib/limiter.ts';
import type { StreamOptions } from '../../lib/options.ts';
import { streamResponse } from '../../lib/stream-response.ts';
import { createPool } from '../../lib/workers/pool.ts';
import { model, toAgentOptions } from './paths.ts';
import { type Findings, Table } from './report.ts';
import type { Setting } from './setting.ts';
import { ratioOf, shuffled } from './statistics.ts';

const concurrencies = [1, 2, 4, 8];
const prompt = 'Question, deltas:20';

/** Answers per second, with so many callers at a time who each ask again at once. */
export async function throughput({ env, rounds = 2 }: Setting): Promise<Findings> {
  const columns = concurrencies.map(String);
  const table = new Table('Answers of 20 deltas per second, by number of callers', columns, [
    'ours, cold',
    'Agent SDK query()',
    'ours, pool',
  ]);
  const options: StreamOptions = { model, env: { ...env }, limiter: createLimiter({ concurrency: 8 }) };
  const agentOptions = toAgentOptions(options);
  const ask: Record<string, () => AsyncIterable<unknown>> = {
    'ours, cold': () => streamResponse(prompt, options),
    'Agent SDK query()': () => query({ prompt, options: agentOptions }),
  };
  for (let round = 0; round < rounds; round++) {
    for (const callers of shuffled(concurrencies)) {
      for (const [name, start] of shuffled(Object.entries(ask))) {
        table.add(name, { [callers]: await answersPerSecond(start, callers, Math.max(4, callers)) });
      }
      await using pool = createPool({ warm: 0, max: callers });
      const start = () => streamResponse(prompt, { ...options, pool });
      // Starts the workers.
      await answersPerSecond(start, callers, callers);
      table.add('ours, pool', { [callers]: await answersPerSecond(start, callers, 32) });
    }
  }
  return {
    tables: [table],
    targets: [
      {
        what: 'pool throughput at concurrency 2 / cold',
        measured: ratioOf(table.samples('ours, pool', '2'), table.samples('ours, cold', '2')),
        limit: { atLeast: 7 },
      },
    ],
  };
}

async function answersPerSecond(
  start: () => AsyncIterable<unknown>,
  callers: number,
  answers: number,
): Promise<number> {
  let asked = 0;
  const startedAt = performance.now();
  const caller = async () => {
    while (asked++ < answers) for await (const _ of start());
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (answers * 1000) / (performance.now() - startedAt);
}
