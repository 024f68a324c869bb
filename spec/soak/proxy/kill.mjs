import { setTimeout as sleep } from 'node:timers/promises';
import { check } from '../measure.mjs';
import { agent, ask } from './ask.mjs';
import { withProxy } from './start-proxy.mjs';

const text = Array.from({ length: 200 }, (_, index) => `word-${index}`).join(' ');

/** Every worker killed with SIGKILL, again and again, while 8 clients ask: whole answers and errors, nothing between. */
export async function kill(seconds = 10) {
  const rows = [];
  for (const workers of ['fake', 'real']) rows.push(await run(workers, seconds));
  console.table(rows);
  check(
    'no answer only looked whole',
    rows.every(row => row.truncated === 0),
  );
  check(
    'no connection broke',
    rows.every(row => row.broken === 0),
  );
  check(
    'and then it answers',
    rows.every(row => row.after === 'full'),
  );
}

async function run(workers, seconds) {
  // Slowly, so that a worker usually dies in the middle of an answer.
  const delay = 4;
  const env = { ANTHROPIC_FAKE_DELAY: String(delay) };
  return withProxy({ workers, env, args: ['--concurrency', '4', '--warm', '2'] }, async proxy => {
    proxy.api.when(() => ({ content: text, delay }));
    const outcomes = { full: 0, failed: 0, refused: 0, broken: 0, truncated: 0 };
    const until = performance.now() + 1000 * seconds;
    const client = async () => {
      while (performance.now() < until) outcomes[(await ask(proxy.port, text)).outcome]++;
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    let kills = 0;
    while (performance.now() < until) {
      await sleep(workers === 'real' ? 3_500 : 1_200);
      for (const pid of proxy.workers()) {
        process.kill(pid, 'SIGKILL');
        kills++;
      }
    }
    await clients;
    const { outcome: after } = await ask(proxy.port, text);
    agent.destroy();
    return { workers, kills, ...outcomes, after };
  });
}
