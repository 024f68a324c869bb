// Many callers, few processes: they share the slots of a limiter and the processes of a pool. Higher priorities go first.
import { createLimiter, createPool, getResponse } from 'claude-cli-stream';

const limiter = createLimiter({ concurrency: 2, maxWaiting: 100 });
const pool = createPool({ warm: 0, max: 2 });

/** @param {string} prompt @param {number} [priority] */
async function ask(prompt, priority = 0) {
  const { text } = await getResponse(prompt, { limiter, priority, pool });
  console.log(`${prompt} ${text}`);
}

const all = Promise.all([ask('1+1='), ask('2+2='), ask('3+3='), ask('4+4=', 1)]);
console.log(`${limiter.pending} running, ${limiter.size} waiting`);
await all;
await pool.close();
