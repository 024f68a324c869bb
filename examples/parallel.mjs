// Many callers, few processes: whoever is given the same limiter shares its slots. Higher priorities go first.
import { createLimiter, getResponse } from 'claude-cli-stream';

const limiter = createLimiter({ concurrency: 2, maxWaiting: 100 });

/** @param {string} prompt @param {number} [priority] */
async function ask(prompt, priority = 0) {
  const { text } = await getResponse(prompt, { limiter, priority });
  console.log(`${prompt} ${text}`);
}

const all = Promise.all([ask('1+1='), ask('2+2='), ask('3+3='), ask('4+4=', 1)]);
console.log(`${limiter.pending} running, ${limiter.size} waiting`);
await all;
