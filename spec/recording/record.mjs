// Records docs/ask.svg: `npx claude-cli-stream ask` in a real terminal (tmux), the real CLI, and a scripted answer of
// the offline API. npm run recording
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { startOfflineApi } from 'claude-cli-stream/testing';
import { toSvg } from './to-svg.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const size = { columns: 80, rows: 24 };
const frame = 100;
const hold = 5_000;

const thinking =
  'They want the idea, not all of hydrology. What water does, three rivers, and one formula as code.';
const text = `## Water takes the steepest way

A river begins where **rain and springs** collect. It follows the steepest slope,
*cuts a valley*, and drops its sand where it slows down.

| River  |   Length | Ends in       |
|--------|---------:|---------------|
| Nile   | 6,650 km | Mediterranean |
| Amazon | 6,400 km | Atlantic      |
| Rhine  | 1,233 km | North Sea     |

\`\`\`python
def speed(depth: float, slope: float) -> float:
    return 30 * depth ** (2 / 3) * slope ** 0.5  # metres per second
\`\`\`

Deeper water is *faster*: the bed slows down only what it touches.`;

// A folder in which `npx claude-cli-stream` is this package.
const folder = mkdtempSync(join(tmpdir(), 'recording-'));
mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
const command = `#!/usr/bin/env node\nimport(${JSON.stringify(join(root, 'dist/terminal/main.js'))});\n`;
writeFileSync(join(folder, 'node_modules/.bin/claude-cli-stream'), command, { mode: 0o755 });

const api = await startOfflineApi({
  delay: 35,
  answer: [
    { type: 'thinking', thinking },
    { type: 'text', text },
  ],
});
const all = { ...process.env, npm_config_update_notifier: 'false', ...api.env };
const env = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
const tmux = (...args) =>
  execFileSync('tmux', ['-L', `recording-${process.pid}`, ...args], { encoding: 'utf8', env, cwd: folder });

try {
  const { columns, rows } = size;
  const shell = `env TERM=tmux-256color PS1='$ ' bash --norc --noprofile -i`;
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), shell);
  await until(screen => screen.trim() === '$');
  const frames = await record(type('npx claude-cli-stream ask "How does a river find the sea?"'));
  writeFileSync(join(root, 'docs/ask.svg'), toSvg(frames, { ...size, hold }));
} finally {
  tmux('kill-server');
  await api.close();
  rmSync(folder, { recursive: true });
}

/** Looks at the terminal until the command is over. A frame is what was there, and from when on, in milliseconds. */
async function record(typed) {
  const frames = [];
  const startedAt = performance.now();
  for (;;) {
    const screen = tmux('capture-pane', '-p', '-e');
    if (frames.at(-1)?.screen !== screen) frames.push({ at: performance.now() - startedAt, screen });
    if (/· \$[\d.]+ · .* s\n\$ *\n*$/.test(stripVTControlCharacters(screen))) break;
    if (performance.now() - startedAt > 60_000) throw new Error(`The answer did not end:\n${screen}`);
    await sleep(frame);
  }
  await typed;
  return frames;
}

async function type(command) {
  for (const key of command) {
    tmux('send-keys', '-l', key);
    await sleep(40);
  }
  await sleep(300);
  tmux('send-keys', 'Enter');
}

async function until(isThere) {
  for (let tries = 0; !isThere(tmux('capture-pane', '-p')); tries++) {
    if (tries > 100) throw new Error('The shell did not start');
    await sleep(50);
  }
}
