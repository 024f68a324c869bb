// 500 prompts through the batch command and the real CLI, killed with SIGKILL three times at random. Needs the build.
// node spec/soak/batch.mjs
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const main = new URL('../../dist/terminal/main.js', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'batch-soak-'));
const [prompts, out] = [join(directory, 'prompts.txt'), join(directory, 'results.jsonl')];
const expected = Array.from({ length: 500 }, (_, index) => `number ${index}`);
writeFileSync(prompts, expected.map(text => `echo: ${text}`).join('\n'));

const start = () =>
  spawn(process.execPath, [main, 'batch', prompts, '--out', out, '--offline'], { stdio: 'inherit' });
const lines = () => readFileSync(out, 'utf8').split('\n').slice(0, -1);

try {
  for (let kills = 0; kills < 3; kills++) {
    const running = start();
    await sleep(4_000 + Math.random() * 20_000);
    running.kill('SIGKILL');
    const [exitCode, signal] = await once(running, 'exit');
    console.log(`killed with ${lines().length} results (${signal ?? `too late: exit code ${exitCode}`})`);
  }
  const [exitCode] = await once(start(), 'exit');
  const texts = lines().map(line => JSON.parse(line).text);
  const missing = expected.filter(text => !texts.includes(text));
  console.log({ exitCode, results: texts.length, different: new Set(texts).size, missing: missing.length });
  const exact = exitCode === 0 && texts.length === expected.length && missing.length === 0;
  process.exitCode = exact ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true });
}
