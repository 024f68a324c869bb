import { deltaLine, writeLines } from './lines-file.ts';
import { type Findings, Table } from './report.ts';
import { runScript } from './run-script.ts';
import type { Setting } from './setting.ts';
import { ratioOf, shuffled, spreadOf } from './statistics.ts';

const ours = 'ours, streamResponse()';
const theirs = ['node:readline', 'split2', 'Agent SDK query()'];
const raw = 'raw data events';
const bare = 'split2(JSON.parse), data events';
/** Those that hand out one line at a time. */
const iterators = [...theirs, ours];
const lines = 500_000;
const long = { lines: 20, megabytes: 5 };

/** How fast lines become something to use, each reader in a process of its own, and how much memory that takes. */
export async function pipeline({ directory, rounds = 5 }: Setting): Promise<Findings> {
  const short = new Table(
    `${lines} lines of ${deltaLine(20).length + 1} bytes, printed by cat`,
    ['thousand lines/s', 'CPU us/line', 'peak MB'],
    [raw, bare, ...iterators],
  );
  const shortFile = await writeLines(directory, lines, 20);
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled([raw, bare, ...iterators])) {
      const { ms = 0, cpuMs = 0, peakMb = 0 } = await runScript('read-all.js', [name, shortFile]);
      short.add(name, {
        'thousand lines/s': lines / ms,
        'CPU us/line': (cpuMs * 1000) / lines,
        'peak MB': peakMb,
      });
    }
  }

  const wide = new Table(
    `${long.lines} lines of ${long.megabytes} MB, printed by cat`,
    ['MB/s', 'peak MB'],
    [raw, ...iterators],
  );
  const longFile = await writeLines(directory, long.lines, long.megabytes * 2 ** 20 - deltaLine(0).length);
  // split2 alone takes half a minute.
  for (let round = 0; round < Math.ceil(rounds / 3); round++) {
    for (const name of shuffled([raw, ...iterators])) {
      const { ms = 0, peakMb = 0 } = await runScript('read-all.js', [name, longFile]);
      wide.add(name, { 'MB/s': (long.lines * long.megabytes * 1000) / ms, 'peak MB': peakMb });
    }
  }

  const slow = new Table(
    '1 ms per line of a producer that never ends, for 5 s',
    ['MB over idle', 'MB ahead'],
    iterators,
  );
  for (let round = 0; round < Math.ceil(rounds / 3); round++) {
    for (const name of shuffled(iterators)) {
      const { overIdleMb = 0, aheadMb = 0 } = await runScript('read-slowly.js', [
        name,
        '5000',
        deltaLine(20),
      ]);
      slow.add(name, { 'MB over idle': overIdleMb, 'MB ahead': aheadMb });
    }
  }

  const cpu = (name: string) => short.samples(name, 'CPU us/line');
  const speed = (name: string) => short.samples(name, 'thousand lines/s');
  return {
    tables: [short, wide, slow],
    targets: [
      {
        what: 'pipeline / for await of split2 with JSON.parse',
        measured: ratioOf(speed(ours), speed('split2')),
        limit: { atLeast: 1 },
      },
      {
        what: 'the same, CPU per line',
        measured: ratioOf(cpu(ours), cpu('split2')),
        limit: { atMost: 1 },
      },
      {
        what: 'the same on 5 MB lines',
        measured: ratioOf(wide.samples(ours, 'MB/s'), wide.samples('split2', 'MB/s')),
        limit: { atLeast: 8 },
      },
      {
        what: 'slow consumer, over idle',
        measured: spreadOf(slow.samples(ours, 'MB over idle')),
        limit: { atMost: 10 },
        unit: ' MB',
      },
      {
        what: 'slow consumer, read ahead',
        measured: spreadOf(slow.samples(ours, 'MB ahead')),
        limit: { atMost: 4 },
        unit: ' MB',
      },
    ],
  };
}
