import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OfflineApi, startOfflineApi } from '../lib/testing/index.ts';

const examples = fileURLToPath(new URL('../examples/', import.meta.url));

let api: OfflineApi;
let folder: string;
beforeAll(async () => {
  api = await startOfflineApi();
  folder = mkdtempSync(join(tmpdir(), 'examples-'));
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

function run(name: string, ...args: string[]) {
  const env = { ...api.env, PORT: '0' };
  return execa(process.execPath, [join(examples, `${name}.mjs`), ...args], { cwd: folder, env });
}

it('for-await', async () => {
  expect((await run('for-await')).stdout).toMatch(/^Once upon a time .*river.*\n\n\d+ ms, \$\d\.\d{4}$/s);
});

it('system-prompt', async () => {
  expect((await run('system-prompt')).stdout).toMatch(/^Arr, matey!/);
});

it('conversation', async () => {
  const { stdout } = await run('conversation');
  expect(stdout).toBe('Nice to meet you, Ada.\nYour name is Ada.');
});

it('image', async () => {
  expect((await run('image')).stdout).toMatch(/^I received image\/png \(250 bytes\)/);
});

it('pipe-to-file', async () => {
  expect((await run('pipe-to-file', 'out.gz')).stdout).toBe('500 words to out.gz');
  const essay = gunzipSync(readFileSync(join(folder, 'out.gz'))).toString();
  expect(essay.split(/\s+/)).toHaveLength(500);
});

it('http-response', async () => {
  const server = run('http-response');
  try {
    const [url] = await once(server.stdout.setEncoding('utf8'), 'data');
    const response = await fetch(`${url.trim()}/?ask=What+is+2%2B2%3F`);
    expect(await response.text()).toBe('4');
  } finally {
    server.kill();
    await server.catch(() => {});
  }
});

it('offline, which runs the others without an account', async () => {
  expect((await run('offline', 'system-prompt')).stdout).toMatch(/^Arr, matey!/);
});

it('every example is in the index and has a check of its output here', () => {
  const index = readFileSync(join(examples, 'README.md'), 'utf8');
  const checks = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  const files = readdirSync(examples).filter(file => file.endsWith('.mjs'));
  for (const file of files) {
    const name = file.replace('.mjs', '');
    expect(checks).toContain(`run('${name}'`);
    if (name !== 'offline') expect(index).toContain(`[${name}](${file})`);
  }
});
