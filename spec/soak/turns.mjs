// 5,000 requests over 4 warm workers of the real CLI: unrelated ones, growing conversations and tool loops; some are
// aborted or left, and every now and then a worker is killed. Every answer must belong to its question (the offline API
// echoes a nonce), and every call must be accounted for. Usage: npm run soak:pool [-- turns]

import { subscribe } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import { ClaudeCliError, createPool } from '../../dist/index.js';
import { createFetch } from '../../dist/messages/index.js';
import { startOfflineApi } from '../../dist/testing/index.js';
import { check, mebibytes, until } from './measure.mjs';

const total = Number(process.argv[2] ?? 5000);
const api = await startOfflineApi();
const pool = createPool({ max: 4, warm: 1 });
const client = new Anthropic({ apiKey: 'unused', maxRetries: 0, fetch: createFetch({ env: api.env, pool }) });
const pids = new Set();
subscribe('claude-cli-stream:worker', ({ pid }) => pids.add(pid));
const outcomes = { answered: 0, aborted: 0, left: 0, killed: 0, wrong: 0, failed: 0 };
let nonce = 0;
let asked = 0;
let kills = 0;

const params = messages => ({ model: 'claude-sonnet-5-5', max_tokens: 1000, messages });

/** One request; the answer must be the nonce. */
async function ask(history, how) {
  const word = `nonce-${nonce++}`;
  asked++;
  const messages = [...history, { role: 'user', content: `echo: ${word}` }];
  const stream = client.messages.stream(params(messages));
  if (how === 'aborted') setTimeout(() => stream.abort(), Math.random() * 40);
  try {
    if (how === 'left') {
      for await (const event of stream) {
        if (event.type === 'content_block_delta') break;
      }
      outcomes.left++;
      return history;
    }
    const { content } = await stream.finalMessage();
    outcomes[content[0]?.text === word ? 'answered' : 'wrong']++;
    return [...messages, { role: 'assistant', content }];
  } catch (error) {
    if (error instanceof Anthropic.APIUserAbortError) outcomes.aborted++;
    else if (/ended by SIGKILL/.test(String(error?.message))) outcomes.killed++;
    else {
      outcomes.failed++;
      console.error(word, error instanceof ClaudeCliError ? error.code : error);
    }
    return history;
  }
}

/** A conversation of several turns, one of them a tool call with its result. */
async function conversation() {
  let history = [];
  const turns = 1 + Math.floor(Math.random() * 4);
  for (let turn = 0; turn < turns; turn++) {
    const chance = Math.random();
    history = await ask(history, chance < 0.04 ? 'aborted' : chance < 0.08 ? 'left' : 'answered');
  }
  if (Math.random() < 0.3 && history.length > 0) history = await ask(withToolLoop(history), 'answered');
}

function withToolLoop(history) {
  const id = `toolu_${nonce++}`;
  return [
    ...history,
    { role: 'user', content: 'Look it up' },
    { role: 'assistant', content: [{ type: 'tool_use', id, name: 'look_up', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'found' }] },
    { role: 'assistant', content: [{ type: 'text', text: 'Found.' }] },
  ];
}

async function caller() {
  while (asked < total) await conversation();
}

const killer = setInterval(() => {
  // The log of a stand-in that is asked this often is most of what would grow.
  api.reset();
  const alive = [...pids].filter(pid => existsSync(`/proc/${pid}`));
  const victim = alive[Math.floor(Math.random() * alive.length)];
  if (victim === undefined) return;
  kills++;
  process.kill(victim, 'SIGKILL');
}, 3_000);

await Promise.all(Array.from({ length: 4 }, conversation));
globalThis.gc?.();
const before = process.memoryUsage().rss;
const startedAt = performance.now();
await Promise.all(Array.from({ length: 4 }, caller));
clearInterval(killer);
const { stats } = pool;
await pool.close();
await until(() => [...pids].every(pid => !existsSync(`/proc/${pid}`)));
globalThis.gc?.();
const after = process.memoryUsage().rss;

console.log({ ...outcomes, kills, seconds: Math.round((performance.now() - startedAt) / 1000) });
console.log(stats);
const counted = Object.values(outcomes).reduce((sum, count) => sum + count);
check('every answer belongs to its question', outcomes.wrong === 0);
check('no call failed for another reason than its worker being killed', outcomes.failed === 0);
check(`every one of ${asked} calls is accounted for`, counted === asked);
check(
  'no process is left',
  [...pids].every(pid => !existsSync(`/proc/${pid}`)),
);
check(
  `memory is bounded (${mebibytes(before)} -> ${mebibytes(after)} MiB)`,
  after - before < 60 * 1024 * 1024,
);
await api.close();
