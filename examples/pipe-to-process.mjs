// An answer into another process, as it comes. Usage: pipe-to-process.mjs [command] [...arguments]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { streamResponse, textOf } from 'claude-cli-stream';

const [command = 'wc', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'] });

await Promise.all([
  pipeline(textOf(streamResponse('Write an essay about rivers, in 500 words.')), child.stdin),
  once(child, 'close'),
]);
