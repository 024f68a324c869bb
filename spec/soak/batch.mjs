// 500 prompts through the batch command and the real CLI, killed with SIGKILL three times at random: npm run soak:batch
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
const written = () => (readdirSync(directory).includes('results.jsonl') ? readFileSync(out, 'utf8') : '');
const lines = () => written().split('\n').slice(0, -1);

try {
  for (let kill = 1; kill <= 3; kill++) {
    const running = start();
    // Somewhere in the third of the work that is this one's, and anywhere between two results.
    const target = Math.round(500 * ((kill - 1) / 3 + Math.random() / 3)) + 1;
    while (lines().length < target && running.exitCode === null) await sleep(5);
    await sleep(Math.random() * 50);
    running.kill('SIGKILL');
    const [exitCode] = await once(running, 'exit');
    const torn = written().endsWith('\n') ? '' : ', the last line torn';
    console.log(`\nkilled with ${lines().length} results${torn}${exitCode === null ? '' : ': too late'}`);
  }
  const [exitCode] = await once(start(), 'exit');
  const results = lines().map(line => JSON.parse(line));
  const texts = new Set(results.map(({ text }) => text));
  const ids = new Set(results.map(({ id }) => id));
  const missing = expected.filter(text => !texts.has(text)).length;
  const files = readdirSync(directory).length;
  console.log({ exitCode, results: results.length, ids: ids.size, texts: texts.size, missing, files });
  const exact = exitCode === 0 && [results.length, ids.size, texts.size].every(count => count === 500);
  process.exitCode = exact && missing === 0 && files === 2 ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true });
}
