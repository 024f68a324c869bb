import { setTimeout as sleep } from 'node:timers/promises';
import { check } from '../measure.mjs';
import { agent, ask } from './ask.mjs';
import { withProxy } from './start-proxy.mjs';

const text = Array.from({ length: 20 }, (_, index) => `word-${index}`).join(' ');

/** Requests per second, time to the first event and memory with 1, 8 and 64 clients who each ask again at once. */
export async function load(seconds = 10) {
  const rows = [];
  for (const workers of ['fake', 'real']) {
    for (const clients of [1, 8, 64]) rows.push(await run({ workers, clients, seconds }));
    rows.push(await run({ workers, clients: 64, seconds, maxWaiting: 8 }));
  }
  console.table(rows);
  check(
    'every answer was full, or a 429 that was asked for',
    rows.every(row => row.errors === 0),
  );
  const unasked = rows.filter(row => row.waiting > row.clients).reduce((sum, row) => sum + row['429'], 0);
  check('no 429 where nobody has to be turned away', unasked === 0);
}

async function run({ workers, clients, seconds, maxWaiting = 100 }) {
  const args = ['--concurrency', '4', '--warm', '4', '--max-waiting', String(maxWaiting)];
  return withProxy({ workers, args }, async proxy => {
    // Until all workers are started and everything is compiled.
    let rounds = 0;
    await askUntil(proxy, clients, () => rounds++ > 50);
    const startedAt = performance.now();
    let rss = 0;
    const watch = setInterval(() => {
      rss = Math.max(rss, proxy.rss());
    }, 500);
    const answers = await askUntil(proxy, clients, () => performance.now() - startedAt > seconds * 1000);
    clearInterval(watch);
    const took = (performance.now() - startedAt) / 1000;
    return { workers, clients, waiting: maxWaiting, ...summarize(answers, took), 'RSS MiB': rss };
  });
}

async function askUntil({ port, api }, clients, over) {
  const answers = [];
  const client = async () => {
    while (!over()) {
      const answer = await ask(port, text);
      answers.push(answer);
      // As every SDK does.
      if (answer.status === 429) await sleep(1000 * answer.retryAfter);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  api.reset();
  return answers;
}

function summarize(answers, seconds) {
  const full = answers.filter(({ outcome }) => outcome === 'full');
  const firsts = full.map(({ firstMs }) => firstMs).sort((one, other) => one - other);
  const at = part => Math.round(10 * (firsts[Math.floor(part * firsts.length)] ?? Number.NaN)) / 10;
  const refused = answers.filter(({ status }) => status === 429).length;
  return {
    'answers/s': Math.round((10 * full.length) / seconds) / 10,
    'first p50 ms': at(0.5),
    'first p99 ms': at(0.99),
    429: refused,
    errors: answers.length - full.length - refused,
  };
}
