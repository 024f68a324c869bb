import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startOfflineApi } from '../../../dist/testing/index.js';
import { mebibytes, until } from '../measure.mjs';

const main = fileURLToPath(new URL('../../../dist/terminal/main.js', import.meta.url));
const fakeWorker = fileURLToPath(new URL('fake-worker.mjs', import.meta.url));

/** Runs `use` with a proxy of its own, which is gone afterwards. */
export async function withProxy(options, use) {
  const proxy = await startProxy(options);
  try {
    return await use(proxy);
  } finally {
    await proxy.stop();
  }
}

/** `claude-cli-stream serve` as a process of its own, in front of fake workers, or of the real CLI and the offline API. */
async function startProxy({ workers, args = [], env = {} }) {
  const api = await startOfflineApi();
  const cli = workers === 'fake' ? { CLAUDE_CODE_EXECUTABLE: fakeWorker } : {};
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', ...args], {
    env: { ...process.env, ...api.env, ...cli, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', piece => {
    told += piece;
  });
  await until(() => told.includes('Try: ') || child.exitCode !== null, 60);
  const port = Number(/http:\/\/[\w.]+:(\d+)/.exec(told)?.[1]);
  if (!port) throw new Error(`The proxy did not start: ${told}`);
  return {
    api,
    port,
    pid: child.pid,
    rss: () => residentMebibytes(child.pid),
    workers: () => childrenOf(child.pid),
    workersRss: () => Math.max(0, ...childrenOf(child.pid).map(residentMebibytes)),
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      await api.close();
    },
  };
}

function residentMebibytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return mebibytes(1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
}

function childrenOf(pid) {
  const parent = id => {
    try {
      return Number(readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]);
    } catch {
      return 0;
    }
  };
  return readdirSync('/proc')
    .map(Number)
    .filter(id => id > 0 && parent(id) === pid);
}
