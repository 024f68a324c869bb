// A reader that takes 1 ms per line of a producer that never ends. `read-slowly.js NAME MILLISECONDS LINE` prints JSON.
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, residentMb, writtenBytes } from './processes.ts';
import { loadReader, parsed } from './readers.ts';

const [name = '', milliseconds = '', line = ''] = process.argv.slice(2);
const open = await loadReader[name]?.();
if (!open) throw new Error(`no reader ${name}`);
const until = performance.now() + Number(milliseconds);
let read = 0;
let idleMb = 0;
let peakMb = 0;
for await (const entry of open({ command: 'yes', argument: line })) {
  parsed(entry);
  // Everything is loaded and running now.
  if (read === 0) idleMb = residentMb(process.pid);
  read++;
  if (read % 100 === 0) peakMb = Math.max(peakMb, residentMb(process.pid));
  if (performance.now() > until) {
    const written = Math.max(...childrenOf(process.pid).map(({ pid }) => writtenBytes(pid)));
    const aheadMb = (written - read * (line.length + 1)) / 2 ** 20;
    console.log(JSON.stringify({ overIdleMb: peakMb - idleMb, aheadMb }));
    process.exit();
  }
  await sleep(1);
}
