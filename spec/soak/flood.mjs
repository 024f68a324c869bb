// A reader who takes a millisecond per event, a CLI that floods it with 500,000 lines: prints the peak memory of this
// process, how far the CLI got, and how many events were read after FLOOD_SECONDS (default 5).

import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { streamResponse } from '../../dist/index.js';
import { mebibytes } from './measure.mjs';

const fake = fileURLToPath(new URL('../fixtures/floods.mjs', import.meta.url));
let pid;
subscribe('claude-cli-stream:worker', facts => {
  pid = facts.pid;
});
const until = performance.now() + 1000 * Number(process.env.FLOOD_SECONDS ?? 5);
let events = 0;
let bytes = 0;
let written = 0;
const stream = streamResponse('go', { pathToClaudeCodeExecutable: fake, env: { FAKE_LINES: '500000' } });
for await (const event of stream) {
  if (event.type !== 'text') continue;
  events++;
  bytes +=
    JSON.stringify({
      type: 'stream_event',
      event: { type: 'content_block_delta', delta: { type: 'text_delta', text: event.text } },
    }).length + 1;
  await sleep(1);
  if (performance.now() < until) continue;
  written = Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
  break;
}
const readAhead = written - bytes;
// Not `resourceUsage().maxRSS`: a process inherits that of the one it was forked from.
const peak = 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
console.log(JSON.stringify({ events, readAhead, peakMebibytes: mebibytes(peak) }));
