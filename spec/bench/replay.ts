import { setTimeout as sleep } from 'node:timers/promises';
import { answer } from '../../lib/workers/answer.ts';
import type { WireMessage } from '../../lib/workers/plan.ts';
import { createPool } from '../../lib/workers/pool.ts';
import { nowMs } from './clock.ts';
import { model } from './paths.ts';
import { type Findings, Table } from './report.ts';
import type { Setting } from './setting.ts';
import { shuffled } from './statistics.ts';

const lengths = [0, 1, 5, 20, 50];
const rowOf = (turns: number) => `${turns} turns`;

/** What a history costs that the worker does not hold: a turn is a question and its answer, 100 words each. */
export async function replay({ api, env, rounds = 10 }: Setting): Promise<Findings> {
  const table = new Table(
    'History replayed to a rewound worker, by its turns',
    ['to request, ms', 'ms per turn'],
    lengths.map(rowOf),
  );
  await using pool = createPool({ warm: 0, max: 1 });
  for (let round = 0; round <= rounds; round++) {
    const none = await timeToRequest([]);
    for (const turns of shuffled(lengths)) {
      const ms = turns === 0 ? none : await timeToRequest(history(round, turns));
      if (round === 0) continue;
      table.add(rowOf(turns), {
        'to request, ms': ms,
        ...(turns > 0 && { 'ms per turn': (ms - none) / turns }),
      });
    }
  }
  return { tables: [table], targets: [] };

  async function timeToRequest(past: WireMessage[]): Promise<number> {
    while (pool.stats.busy > 0) await sleep(2);
    await api.takeArrivals();
    const messages: WireMessage[] = [
      ...past,
      { role: 'user', content: `Question ${Math.random()} deltas:20` },
    ];
    const startedAt = nowMs();
    for await (const _ of answer({ model, max_tokens: 1000, messages }, { env: { ...env }, pool }));
    const [arrivedAt = Number.NaN] = await api.takeArrivals();
    return arrivedAt - startedAt;
  }
}

function history(round: number, turns: number): WireMessage[] {
  const words = 'word '.repeat(100);
  return Array.from({ length: turns }, (_, turn): WireMessage[] => [
    { role: 'user', content: `${round} ${turn} ${words}` },
    { role: 'assistant', content: [{ type: 'text', text: words }] },
  ]).flat();
}
