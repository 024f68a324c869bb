// npm run bench -- [latency throughput replay tools wrapper pipeline imports proxy] [--rounds N] [--json FILE]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createEnvironment } from '../../lib/testing/environment.ts';
import { startApi } from './api.ts';
import { imports } from './imports.ts';
import { latency } from './latency.ts';
import { pipeline } from './pipeline.ts';
import { proxy } from './proxy.ts';
import { replay } from './replay.ts';
import { type Findings, isMet, print } from './report.ts';
import type { Setting } from './setting.ts';
import { throughput } from './throughput.ts';
import { tools } from './tools.ts';
import { wrapper } from './wrapper.ts';

const parts: Record<string, (setting: Setting) => Promise<Findings>> = {
  latency,
  throughput,
  replay,
  tools,
  wrapper,
  pipeline,
  imports,
  proxy,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, json: { type: 'string', default: 'bench-results.json' } },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = chosen.find(name => !Object.hasOwn(parts, name));
if (unknown !== undefined)
  throw new Error(`no part ${unknown}: the parts are ${Object.keys(parts).join(', ')}`);

const directory = await mkdtemp(join(tmpdir(), 'claude-bench-'));
const api = await startApi();
const home = await createEnvironment(api.url);
const machine = `Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model}`;
const all: Record<string, Findings> = {};
try {
  console.log(`# Benchmark\n\n${machine}`);
  for (const name of chosen) {
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    const startedAt = performance.now();
    const findings = await parts[name]?.({ directory, rounds, api, env: home.env });
    if (!findings) continue;
    all[name] = findings;
    console.log(`\n## ${name}\n\n${print({ ...findings, targets: [] })}`);
    console.error(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
} finally {
  api.close();
  await home.remove();
  await rm(directory, { recursive: true, force: true });
}
const targets = Object.values(all).flatMap(findings => findings.targets);
console.log(`\n${print({ tables: [], targets })}`);
const json = { machine, at: new Date().toISOString(), parts: all, met: targets.filter(isMet).length };
await writeFile(values.json, `${JSON.stringify(json, null, 2)}\n`);
