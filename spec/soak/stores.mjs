// One disk store under two processes for ten seconds while others are killed in it, the time of a hit and of a miss, and
// one ledger under two processes with 200 calls of the real CLI: npm run soak:stores
import { spawn } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, streamResponse } from '../../dist/index.js';
import { createBudget, createFileStore, withBudget, withCache } from '../../dist/stores/index.js';
import { startOfflineApi } from '../../dist/testing/index.js';

const [part, ...given] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'stores-soak-'));
try {
  if (part === 'spend') console.log(JSON.stringify(await spend(...given)));
  else {
    const api = await startOfflineApi();
    const results = { store: await hammer(), cache: await hitAndMiss(api), budget: await share(api) };
    console.log(results);
    await api.close();
    const { store, cache, budget } = results;
    const exact = Math.abs(budget.spent - budget.reported) < 1e-9 && budget.processesWhenSpent === 0;
    process.exitCode = store.wrong === 0 && store.failed === 0 && cache.equal && exact ? 0 : 1;
  }
} finally {
  rmSync(directory, { recursive: true });
}

async function hammer() {
  const script = new URL('../fixtures/hammer-store.mjs', import.meta.url).pathname;
  const folder = join(directory, 'responses');
  const start = milliseconds =>
    spawn(process.execPath, [script, folder, String(milliseconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lasting = [start(10_000), start(10_000)];
  const told = Promise.all(lasting.map(child => text(child.stdout).then(JSON.parse)));
  let killed = 0;
  for (const end = Date.now() + 9_000; Date.now() < end; killed++) {
    const victim = start(60_000);
    await sleep(500 + Math.random() * 1_000);
    victim.kill('SIGKILL');
    await once(victim, 'exit');
  }
  const [one, other] = await told;
  const sum = name => one[name] + other[name];
  const failed = one.failed.length + other.failed.length;
  const left = readdirSync(folder).length;
  return { reads: sum('reads'), hits: sum('hits'), wrong: sum('wrong'), failed, killed, left };
}

async function hitAndMiss(api) {
  const store = createFileStore({ directory: join(directory, 'times') });
  const cached = withCache(streamResponse, { store });
  const run = async prompt => {
    const [startedAt, events] = [performance.now(), []];
    for await (const event of cached(prompt, { env: api.env, model: 'claude-opus-5-5' })) events.push(event);
    return { ms: performance.now() - startedAt, events: JSON.stringify(events.map(withoutMark)) };
  };
  const [misses, hits] = [[], []];
  let equal = true;
  for (let round = 0; round < 20; round++) {
    const [miss, hit] = [await run(`Tell me of river ${round}`), await run(`Tell me of river ${round}`)];
    equal &&= miss.events === hit.events;
    misses.push(miss.ms);
    hits.push(hit.ms);
  }
  return { equal, missMs: median(misses), hitMs: median(hits) };
}

function withoutMark(event) {
  return { ...event, cached: undefined };
}

function median(values) {
  return Number(values.sort((one, other) => one - other)[values.length >> 1].toFixed(2));
}

async function share(api) {
  const folder = join(directory, 'spend');
  const start = () =>
    spawn(process.execPath, [process.argv[1], 'spend', folder, '100', JSON.stringify(api.env)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const told = await Promise.all([start(), start()].map(child => text(child.stdout).then(JSON.parse)));
  const { spent } = createBudget({ usd: 1_000, window: 'month', directory: folder }).status();
  const reported = told.reduce((sum, usd) => sum + usd, 0);

  let processes = 0;
  subscribe('claude-cli-stream:worker', () => {
    processes += 1;
  });
  const limited = createBudget({ usd: reported / 2, window: 'month', directory: folder });
  const refused = [];
  for (let call = 0; call < 10; call++) {
    try {
      for await (const _ of withBudget(streamResponse, limited)('echo: hi', { env: api.env }));
    } catch (error) {
      refused.push(error.code);
    }
  }
  const lost = 200 - api.requests.filter(({ body }) => JSON.stringify(body).includes('echo: call')).length;
  return {
    calls: 200,
    lost,
    spent: spent.usd,
    reported,
    refused: refused.length,
    processesWhenSpent: processes,
  };
}

/** Makes so many calls, and says what the CLI told of their cost. */
async function spend(folder, times, env) {
  const budget = createBudget({ usd: 1_000, window: 'month', directory: folder });
  const stream = withBudget(streamResponse, budget);
  const pool = createPool({ warm: 0, max: 2 });
  const options = { env: JSON.parse(env), model: 'claude-opus-5-5', pool };
  let reported = 0;
  const call = async number => {
    for await (const event of stream(`echo: call ${number}`, options)) {
      if (event.type === 'end') reported += event.costUsd;
    }
  };
  for (let number = 0; number < Number(times); number += 2)
    await Promise.all([call(number), call(number + 1)]);
  await pool.close();
  return reported;
}
