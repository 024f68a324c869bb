import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../lib/index.ts';
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

/** Real CLIs, all of them: two at a time are faster than all at once. */
const limiter = createLimiter({ concurrency: 2 });

function start(name: string, args: readonly string[] = [], input = '') {
  const env = { ...api.env, PORT: '0' };
  return execa(process.execPath, [join(examples, `${name}.mjs`), ...args], { cwd: folder, env, input });
}

/** What an example prints. */
async function run(name: string, ...args: string[]): Promise<string> {
  return tell(name, '', ...args);
}

/** What an example prints that is given a text on standard input. */
async function tell(name: string, input: string, ...args: string[]): Promise<string> {
  const slot = await limiter.acquire();
  try {
    return (await start(name, args, input)).stdout;
  } finally {
    slot.release();
  }
}

/** Runs an example that is a server, and asks it. */
async function visit<Answer>(name: string, ask: (url: string) => Promise<Answer>): Promise<Answer> {
  const slot = await limiter.acquire();
  const server = start(name);
  try {
    const [url] = await once(server.stdout.setEncoding('utf8'), 'data');
    return await ask(url.trim());
  } finally {
    server.kill();
    await server.catch(() => {});
    slot.release();
  }
}

function toMessages(url: string): Request {
  const messages = [{ role: 'user', content: 'What is 2+2?' }];
  return new Request(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sonnet', max_tokens: 100, messages }),
  });
}

async function askMessages(url: string): Promise<unknown> {
  return (await fetch(toMessages(url))).json();
}

const four = expect.objectContaining({ content: [{ type: 'text', text: '4' }], stop_reason: 'end_turn' });

describe.concurrent('examples', () => {
  it('for-await', async () => {
    expect(await run('for-await')).toMatch(/^Once upon a time .*river.*\n\n\d+ ms, \$\d\.\d{4}$/s);
  });

  it('system-prompt', async () => {
    expect(await run('system-prompt')).toMatch(/^Arr, matey!/);
  });

  it('conversation', async () => {
    expect(await run('conversation')).toBe('Nice to meet you, Ada.\nYour name is Ada.');
  });

  it('image', async () => {
    expect(await run('image')).toMatch(/^I received image\/png \(250 bytes\)/);
  });

  it('pdf', async () => {
    expect(await run('pdf')).toMatch(/^I received application\/pdf \(612 bytes\)/);
  });

  it('chat', async () => {
    const answers = await tell('chat', "My name is Ada.\nWhat's my name?\n");
    expect(answers).toBe('> Nice to meet you, Ada.\n> Your name is Ada.\n> ');
  });

  it('progressive', async () => {
    const lines = stripVTControlCharacters(await run('progressive'))
      .trimEnd()
      .split('\n');
    expect(lines.slice(0, 3)).toEqual(['… Rhine: ', '… Nile: ', '… Amazon: ']);
    const tale = 'Once upon a time there was a small harbour town where everybody.';
    const drawn = ['Rhine', 'Nile', 'Amazon'].map(river => `✔ ${river}: ${tale}`);
    expect(lines).toEqual(expect.arrayContaining(drawn));
  });

  it('structured-output', async () => {
    expect(await run('structured-output')).toBe('offline: 0 km through offline');
  });

  it('cancel', async () => {
    expect(await run('cancel')).toBe('enough read\nnot needed any more\nno answer after 50 ms');
  });

  it('retry, by way of offline, which makes the first attempt fail', async () => {
    expect(await run('offline', 'retry')).toBe('attempt 1 failed: OVERLOADED\n4');
  });

  it('parallel', async () => {
    const [first, ...answers] = (await run('parallel')).split('\n');
    expect(first).toBe('2 running, 2 waiting');
    expect(answers.sort()).toEqual(['1+1= 2', '2+2= 4', '3+3= 6', '4+4= 8']);
  });

  it('rate-limit', async () => {
    const lines = (await run('rate-limit')).split('\n');
    expect(lines.sort()).toEqual(['1+1= 2', '2+2= 4', 'the second one waited']);
  });

  it('warm-pool', async () => {
    const lines = (await run('warm-pool')).replaceAll(/ \(\d+ ms\)/g, '').split('\n');
    expect(lines).toEqual([
      'Nice to meet you, Ada.',
      'You have not told me your name yet.',
      '4',
      '1 answered by a new process, 2 by one that was ready',
    ]);
  });

  it('batch', async () => {
    expect(await run('batch')).toBe('1+1= 2\n2+2= 4\n3+3= 6\n4+4= 8');
  });

  it('cache', async () => {
    expect(await run('cache')).toBe('first: 4\nsecond: 4, from the cache');
  });

  it('budget', async () => {
    expect(await run('budget')).toMatch(/^4\nBUDGET_EXCEEDED, until \d{4}-\d\d-\d\dT00:00:00.000Z$/);
  });

  it('metrics', async () => {
    const printed = await run('metrics');
    expect(printed).toContain('successRate: 0.5');
    expect(printed).toContain('claude_cli_calls_total{outcome="TIMEOUT"} 1');
  });

  it('pipe-to-file', async () => {
    expect(await run('pipe-to-file', 'out.gz')).toBe('500 words to out.gz');
    const essay = gunzipSync(readFileSync(join(folder, 'out.gz'))).toString();
    expect(essay.split(/\s+/)).toHaveLength(500);
  });

  it('pipe-to-process', async () => {
    const countWords = "let text = ''; for await (const piece of process.stdin) text += piece;";
    const script = `${countWords} console.log(text.split(/\\s+/).length)`;
    const command = [process.execPath, '--input-type=module', '--eval', script];
    expect(await run('pipe-to-process', ...command)).toBe('500');
  });

  it('http-response', async () => {
    const ask = async (url: string) => (await fetch(`${url}/?ask=What+is+2%2B2%3F`)).text();
    expect(await visit('http-response', ask)).toBe('4');
  });

  it('web-response', async () => {
    const ask = async (url: string) => (await fetch(`${url}/?ask=What+is+2%2B2%3F`)).text();
    expect(await visit('web-response', ask)).toBe('4');
  });

  it('anthropic-sdk', async () => {
    const conversation = 'Nice to meet you, Ada.\nYour name is Ada.\n';
    const told = '1 of 2 answers by a worker that knew the conversation';
    expect(await run('anthropic-sdk')).toBe(conversation + told);
  });

  it('tools, by way of offline, which makes the model call one', async () => {
    const answer = 'The tool answered: 18 °C and sunny in Oslo';
    expect(await run('offline', 'tools')).toBe(`get_weather(Oslo)\n${answer}`);
  });

  it('ai-sdk', async () => {
    expect(await run('ai-sdk')).toBe('4');
  });

  it('proxy', async () => {
    expect(await run('proxy')).toBe('4');
  });

  it('openai-sdk', async () => {
    expect(await run('openai-sdk')).toBe('Arr, matey! 4');
  });

  it('hono', async () => {
    expect(await visit('hono', askMessages)).toEqual(four);
  });

  it('express', async () => {
    expect(await visit('express', askMessages)).toEqual(four);
  });

  it('fastify', async () => {
    expect(await visit('fastify', askMessages)).toEqual(four);
  });

  it('next, as Next.js calls it', async () => {
    for (const [name, value] of Object.entries(api.env)) vi.stubEnv(name, value);
    const { POST } = await import('../examples/next/app/v1/messages/route.ts');
    const response = await POST(toMessages('http://localhost'));
    vi.unstubAllEnvs();
    expect(await response.json()).toEqual(four);
  });
});

it('every example is in the index and has a check of its output here', () => {
  const index = readFileSync(join(examples, 'README.md'), 'utf8');
  const checks = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  const files = readdirSync(examples).filter(file => file.endsWith('.mjs'));
  for (const file of files) {
    const name = file.replace('.mjs', '');
    expect(checks).toMatch(new RegExp(String.raw`(run|tell|visit)\(('offline', )?'${name}'`));
    if (name !== 'offline') expect(index).toContain(`[${name}](${file})`);
  }
});
