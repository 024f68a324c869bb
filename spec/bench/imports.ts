import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Findings, Table } from './report.ts';
import type { Setting } from './setting.ts';
import { ratioOf, shuffled } from './statistics.ts';

const root = new URL('../../lib/index.js', import.meta.url).href;
const ours = 'ours';
const bare = 'execa, p-queue, split2';

const modules: Record<string, string[]> = {
  [ours]: [root],
  [bare]: ['execa', 'p-queue', 'split2'],
  'Agent SDK': ['@anthropic-ai/claude-agent-sdk'],
  '@anthropic-ai/sdk': ['@anthropic-ai/sdk'],
};

/** How long a fresh process takes to import. */
export async function imports({ rounds = 21 }: Setting): Promise<Findings> {
  const table = new Table('Import in a fresh process', ['ms'], Object.keys(modules));
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(Object.keys(modules)))
      table.add(name, { ms: await timeImport(modules[name]) });
  }
  return {
    tables: [table],
    targets: [
      {
        what: 'import / its three dependencies imported bare',
        measured: ratioOf(table.samples(ours, 'ms'), table.samples(bare, 'ms')),
        limit: { atMost: 1.15 },
      },
    ],
  };
}

async function timeImport(names: readonly string[] = []): Promise<number> {
  const script = `const startedAt = performance.now();
    ${names.map(name => `await import(${JSON.stringify(name)});`).join('\n')}
    console.log(performance.now() - startedAt);`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}
