import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import split2 from 'split2';
import { writeLines } from './lines-file.ts';
import { fakeCli, loadReader, type Printer, toEnv } from './readers.ts';
import { type Findings, Table } from './report.ts';
import type { Setting } from './setting.ts';
import { ratioOf, shuffled } from './statistics.ts';

const ours = 'ours, streamResponse()';
const agent = 'Agent SDK query()';

/** What a call costs on this side alone: the CLI is a shell script that prints 20 deltas. */
export async function wrapper({ directory, rounds = 60 }: Setting): Promise<Findings> {
  const printer: Printer = { command: 'cat', argument: await writeLines(directory, 20, 20) };
  const env = { PATH: process.env.PATH, ...toEnv(printer) };
  const calls: Record<string, () => AsyncIterable<unknown>> = {
    'node:child_process + split2': () => ask(spawn(fakeCli, { env })),
    'execa + split2': () => ask(execa(fakeCli, { env, extendEnv: false, buffer: false, encoding: 'buffer' })),
  };
  for (const name of [agent, ours]) {
    const open = await loadReader[name]?.();
    if (open) calls[name] = () => open(printer);
  }

  const table = new Table('The wrapper alone', ['own CPU, ms', 'to first line, ms'], Object.keys(calls));
  for (let round = -10; round < rounds; round++) {
    for (const [name, call] of shuffled(Object.entries(calls))) {
      const facts = await measure(call);
      if (round >= 0) table.add(name, facts);
    }
  }
  return {
    tables: [table],
    targets: [
      {
        what: 'own CPU per call / Agent SDK query(), without the CLI',
        measured: ratioOf(table.samples(ours, 'own CPU, ms'), table.samples(agent, 'own CPU, ms')),
        limit: { atMost: 0.9 },
      },
    ],
  };
}

async function measure(call: () => AsyncIterable<unknown>): Promise<Record<string, number>> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  let first = Number.NaN;
  for await (const _ of call()) if (Number.isNaN(first)) first = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  return { 'own CPU, ms': (user + system) / 1000, 'to first line, ms': first };
}

function ask({ stdin, stdout }: { stdin: Writable; stdout: Readable }): AsyncIterable<unknown> {
  stdin.end('{"type":"user"}\n');
  return stdout.pipe(split2(JSON.parse));
}
