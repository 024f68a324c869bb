// 1,000 short calls of the real CLI at a concurrency of 4; a tenth aborted at random moments, a tenth broken out of.
// Everything is accounted for at the end, or the exit code is 1. Usage: npm run soak:calls [-- calls]
import { subscribe } from 'node:diagnostics_channel';
import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { createLimiter, streamResponse } from '../../dist/index.js';
import { startOfflineApi } from '../../dist/testing/index.js';
import { check, mebibytes, readAll, until } from './measure.mjs';

const total = Number(process.argv[2] ?? 1000);
const warmUp = 100;
const api = await startOfflineApi({ delay: 2 });
const limiter = createLimiter({ concurrency: 4 });
const shared = new AbortController();
const reason = new Error('aborted by the soak');
const pids = [];
subscribe('claude-cli-stream:worker', ({ pid }) => pids.push(pid));
const outcomes = { ended: 0, aborted: 0, left: 0, failed: 0 };
const expected = { ended: 0, aborted: 0, left: 0, failed: 0 };

async function call(number) {
  const own = new AbortController();
  const signal = number % 2 ? shared.signal : own.signal;
  const how = number % 10 === 0 ? 'aborted' : number % 10 === 5 ? 'left' : 'ended';
  // An abort after the answer is none; so half of the moments lie where nearly every call is still running.
  const abort = how === 'aborted' && setTimeout(() => own.abort(reason), Math.random() * 600);
  try {
    const stream = streamResponse(`Count to ${number}`, { env: api.env, limiter, signal });
    const result = await readAll(stream, how === 'left' ? 1 + Math.floor(Math.random() * 5) : undefined);
    outcomes[result]++;
    expected[how === 'aborted' ? result : how]++;
  } catch (error) {
    outcomes[error === reason ? 'aborted' : 'failed']++;
    expected[how]++;
    if (error !== reason) console.error(number, error);
  } finally {
    clearTimeout(abort);
  }
}

// Until memory is as large as this load makes it.
await Promise.all(Array.from({ length: warmUp }, (_, number) => call(number)));
const before = settledMemory();
const startedAt = performance.now();
await Promise.all(Array.from({ length: total }, (_, number) => call(number)));
await limiter.onIdle();
await until(() => pids.every(pid => !existsSync(`/proc/${pid}`)));
const after = settledMemory();

console.log({
  ...outcomes,
  seconds: Math.round((performance.now() - startedAt) / 1000),
  processes: pids.length,
});
check('every call ended as it should', JSON.stringify(outcomes) === JSON.stringify(expected));
check(
  'all calls are accounted for',
  Object.values(outcomes).reduce((sum, count) => sum + count) === total + warmUp,
);
check('no listener is left on the shared signal', getEventListeners(shared.signal, 'abort').length === 0);
check(
  'no process is left',
  pids.every(pid => !existsSync(`/proc/${pid}`)),
);
check('no slot is taken', limiter.pending === 0 && limiter.size === 0);
check(`memory is as before (MiB: ${before.rss} -> ${after.rss})`, after.rss - before.rss < 20);
check(`so is what is in use (MiB: ${before.heap} -> ${after.heap})`, after.heap - before.heap < 5);
await api.close();

/** In mebibytes, without the log of requests that the offline API keeps. */
function settledMemory() {
  api.reset();
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: mebibytes(rss), heap: mebibytes(heapUsed) };
}
