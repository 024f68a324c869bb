import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('a reader slower than the CLI does not fill the memory: what is not read stays with the CLI', async () => {
  const program = fileURLToPath(new URL('soak/flood.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { PATH: process.env.PATH, FLOOD_SECONDS: '2' },
  });
  const { events, readAhead, peakMebibytes } = JSON.parse(stdout);
  expect(events).toBeGreaterThan(100);
  expect(readAhead).toBeLessThan(1024 * 1024);
  expect(peakMebibytes).toBeLessThan(100);
});
