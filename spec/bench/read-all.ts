// One reader in a process of its own, so that its memory is its own. `read-all.js NAME FILE` prints JSON.
import split2 from 'split2';
import { loadReader, parsed, start } from './readers.ts';

/** Without `for await`: the least that must be done. */
const drains: Record<string, (argument: string) => Promise<void>> = {
  'raw data events': path => ended(start({ command: 'cat', argument: path })),
  'split2(JSON.parse), data events': path =>
    ended(start({ command: 'cat', argument: path }).pipe(split2(JSON.parse))),
};

const [name = '', path = ''] = process.argv.slice(2);
const open = await loadReader[name]?.();
const drain = drains[name];
const before = process.cpuUsage();
const startedAt = performance.now();
if (open) {
  for await (const line of open({ command: 'cat', argument: path })) parsed(line);
} else await drain?.(path);
const ms = performance.now() - startedAt;
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({ ms, cpuMs: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024 }),
);

async function ended(stream: NodeJS.ReadableStream): Promise<void> {
  await new Promise((resolve, reject) =>
    stream
      .on('data', () => {})
      .once('end', resolve)
      .once('error', reject),
  );
}
