import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.ts';
import { Mark, type Path } from './ask.ts';
import { createPaths } from './paths.ts';
import { childrenOf, factsOf, residentMb } from './processes.ts';
import { type Findings, Table, type Target } from './report.ts';
import type { Setting } from './setting.ts';
import { ratioOf, shuffled } from './statistics.ts';

const columns = [
  'to request, ms',
  'to first text, ms',
  'to result, ms',
  'CLI CPU, ms',
  'own CPU, ms',
  'CLI peak MB',
];

/** One question with 200 deltas in one burst, by every path in turn. */
export async function latency(setting: Setting): Promise<Findings> {
  const { rounds = 20 } = setting;
  const paths = createPaths(setting);
  const rows = paths.map(({ name }) => name);
  const table = new Table('One call at a time', columns, rows);
  try {
    // The first round loads code and starts what later ones reuse.
    for (let round = 0; round <= rounds; round++) {
      for (const path of shuffled(paths)) {
        const facts = await measure(path, setting.api, `Question ${round}, deltas:200`);
        if (round > 0) table.add(path.name, facts);
      }
    }
  } finally {
    await Promise.all(paths.map(path => path.close?.()));
  }
  return { tables: [table], targets: toTargets(table) };
}

async function measure(path: Path, api: Api, prompt: string): Promise<Record<string, number>> {
  const cpuBefore = cliCpu(api);
  const pidsBefore = cliPids(api);
  await path.prepare?.();
  await api.takeArrivals();
  let peakMb = Number.NaN;
  let ownCpu = 0;
  const mark = new Mark(() => {
    ownCpu -= processCpu();
    peakMb = peakOf(
      path,
      cliPids(api).filter(pid => !pidsBefore.includes(pid)),
    );
    ownCpu += processCpu();
  });
  ownCpu -= processCpu();
  mark.start();
  await path.ask(prompt, mark);
  ownCpu += processCpu();
  const [arrivedAt = Number.NaN] = await api.takeArrivals();
  // What was started for this question only is gone before the next one is asked.
  if (!path.close) while (cliPids(api).length > pidsBefore.length) await sleep(2);
  return {
    'to request, ms': arrivedAt - mark.startedAt,
    'to first text, ms': (mark.textAt ?? Number.NaN) - mark.startedAt,
    'to result, ms': (mark.resultAt ?? Number.NaN) - mark.startedAt,
    'CLI CPU, ms': cliCpu(api) - cpuBefore,
    'own CPU, ms': ownCpu,
    'CLI peak MB': peakMb,
  };
}

function processCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of CPU of every process started so far but the API's. */
function cliCpu({ pid: apiPid }: Api): number {
  const running = childrenOf(process.pid).filter(({ pid }) => pid !== apiPid);
  const gone = factsOf(process.pid)?.childrenCpuMs ?? Number.NaN;
  return running.reduce((sum, { cpuMs, childrenCpuMs }) => sum + cpuMs + childrenCpuMs, gone);
}

function cliPids({ pid: apiPid }: Api): number[] {
  return childrenOf(process.pid).flatMap(({ pid }) => (pid === apiPid ? [] : [pid]));
}

/** Processes that a path keeps, from the first question on. */
const kept = new Map<string, number>();

function peakOf({ name }: Path, started: readonly number[]): number {
  const pid = started[0] ?? kept.get(name);
  if (pid === undefined) return Number.NaN;
  kept.set(name, pid);
  return residentMb(pid, 'VmHWM');
}

function toTargets(table: Table): Target[] {
  const text = (path: string) => table.samples(path, 'to first text, ms');
  const ratio = (what: string, path: string, base: string, atMost: number): Target => ({
    what,
    measured: ratioOf(text(path), text(base)),
    limit: { atMost },
  });
  return [
    ratio('cold / bare CLI with the same flags', 'ours, cold', 'bare CLI, cold', 1.02),
    ratio('cold / Agent SDK query()', 'ours, cold', 'Agent SDK query()', 1),
    ratio('fresh warm worker / cold', 'ours, fresh warm worker', 'ours, cold', 0.22),
    ratio('fresh warm worker / Agent SDK startup()', 'ours, fresh warm worker', 'Agent SDK startup()', 1),
    ratio('continued / cold', 'ours, continued (Messages API)', 'ours, cold', 0.08),
    ratio('conversation / cold', 'ours, conversation', 'ours, cold', 0.08),
    ratio('continued / driven by hand', 'ours, continued (Messages API)', 'process driven by hand', 1.05),
    ratio('conversation / driven by hand', 'ours, conversation', 'process driven by hand', 1.05),
    {
      what: 'own CPU of a cold call / Agent SDK query()',
      measured: ratioOf(
        table.samples('ours, cold', 'own CPU, ms'),
        table.samples('Agent SDK query()', 'own CPU, ms'),
      ),
      limit: { atMost: 0.9 },
    },
  ];
}
