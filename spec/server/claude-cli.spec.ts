import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic, { RateLimitError } from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLimiter, createPool, getResponse, type Pool } from '../../lib/index.ts';
import { createLog, type RunningServer, serve } from '../../lib/server/index.ts';
import { failures, type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { watchProcesses } from '../fixtures/processes.ts';
import { memoryLog } from './memory-log.ts';
import { question } from './raw.ts';

// The whole way: a client, the server, the real CLI, the offline API.

let api: OfflineApi;
let pool: Pool;
let server: RunningServer;
let client: Anthropic;
const log = memoryLog();
const limiter = createLimiter({ concurrency: 2, maxWaiting: 1 });
beforeAll(async () => {
  api = await startOfflineApi();
  pool = createPool({ warm: 0, max: 2 });
  server = await serve({ port: 0, env: api.env, pool, limiter, logger: createLog(log.options) });
  client = new Anthropic({ baseURL: server.url, apiKey: 'any', authToken: null, maxRetries: 0 });
});
beforeEach(() => api.reset());
afterAll(async () => {
  await server.close({ grace: 0 });
  await pool.close();
  await api.close();
});

const params = JSON.parse(question);

it('answers the official SDK', async () => {
  const whole = await client.messages.create(params);
  const streamed = await client.messages.stream(params).finalMessage();
  expect(whole.content).toMatchObject([{ type: 'text', text: '4' }]);
  expect(streamed.content).toEqual(whole.content);
  expect(api.requests).toHaveLength(2);
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);

  await expect.poll(() => log.lines.length).toBeGreaterThanOrEqual(2);
  const [first, second] = log.lines.map(line => JSON.parse(line));
  expect(first).toMatchObject({
    workerOrigin: 'cold',
    requestId: whole._request_id,
    costUsd: expect.any(Number),
  });
  expect(second).toMatchObject({ workerOrigin: 'rewound', costUsd: expect.any(Number) });
});

it('answers the official OpenAI SDK: a tool call in a stream, then its result, whole', async () => {
  const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'any', maxRetries: 0 });
  api.reply([{ type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 2, b: 3 } }], 'Five.');
  const question = {
    model: 'claude-opus-5-5',
    messages: [{ role: 'user' as const, content: 'What is 2+3?' }],
    tools: [{ type: 'function' as const, function: { name: 'add', parameters: { type: 'object' } } }],
  };
  const stream = openai.chat.completions.stream({ ...question, stream_options: { include_usage: true } });
  const { choices, usage } = await stream.finalChatCompletion();
  const [call] = choices[0]?.message.tool_calls ?? [];
  expect(call?.function).toMatchObject({ name: 'add', arguments: '{"a":2,"b":3}' });
  expect(choices[0]?.finish_reason).toBe('tool_calls');
  expect(usage?.total_tokens).toBeGreaterThan(0);

  const result = { role: 'tool' as const, tool_call_id: call?.id ?? '', content: '5' };
  const messages = [...question.messages, choices[0]?.message ?? result, result];
  const answer = await openai.chat.completions.create({ ...question, messages });
  expect(answer.choices[0]?.message.content).toBe('Five.');
  expect(JSON.stringify(api.requests[1]?.body.messages)).toContain('"tool_result"');
  for await (const { id, owned_by } of openai.models.list())
    expect([id, owned_by]).toEqual([expect.any(String), 'anthropic']);
});

it('stops the turn upstream when the client leaves', async () => {
  api.reply(failures.stallMidStream);
  const stream = client.messages.stream(params);
  await new Promise(resolve => stream.once('text', resolve));
  stream.abort();
  await stream.done().catch(() => {});
  expect(await api.requests[0]?.closed).toBe('aborted');
});

it('says so when the CLI is killed in the middle of an answer, and answers the next', async () => {
  const watch = watchProcesses();
  api.reply(failures.stallMidStream);
  const stream = client.messages.stream(params);
  await new Promise(resolve => stream.once('text', resolve));
  watch.stop();
  process.kill(watch.pids.at(-1) ?? 0, 'SIGKILL');
  await expect(stream.finalMessage()).rejects.toMatchObject({ error: { error: { type: 'api_error' } } });
  expect((await client.messages.create(params)).content).toMatchObject([{ text: '4' }]);
});

it('tells those who come when the waiting line is full to come back', async () => {
  await limiter.onIdle();
  api.when(() => failures.stallMidStream);
  const streams = [1, 2, 3].map(() => client.messages.stream(params));
  await expect.poll(() => limiter.size).toBe(1);
  const refused = await client.messages.create(params).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RateLimitError);
  if (refused instanceof RateLimitError) expect(refused.headers.get('retry-after')).toBe('1');
  await expect.poll(() => api.requests.length).toBe(2);
  for (const stream of streams) stream.abort();
  await Promise.all(streams.map(stream => stream.done().catch(() => {})));
  await limiter.onIdle();
  // Who left the waiting line is never asked about.
  expect(api.requests).toHaveLength(2);
});

it('serves the Claude CLI itself, tool call included', async () => {
  // This client sends what only the transport `exact` can carry.
  await using exact = await serve({ port: 0, env: api.env, transport: 'exact' });
  const cwd = await mkdtemp(join(tmpdir(), 'server-client-'));
  const path = join(cwd, 'note.txt');
  await writeFile(path, 'The word is marmalade.');
  api.reply([{ type: 'tool_use', name: 'Read', input: { file_path: path } }], 'It says marmalade.');
  const env = { ...api.env, ANTHROPIC_BASE_URL: exact.url };
  const answer = await getResponse('What does note.txt say?', {
    env,
    cwd,
    tools: ['Read'],
    allowedTools: ['Read'],
  });
  await rm(cwd, { recursive: true, force: true });

  expect(answer).toMatchObject({ text: 'It says marmalade.', turns: 2 });
  expect(JSON.stringify(api.requests[1]?.body.messages)).toContain('The word is marmalade.');
}, 60_000);

it('logs the shape of what is said, or all of it, when asked', async () => {
  const { lines, options } = memoryLog({ level: 'debug' });
  for (const logContent of ['redacted', 'full'] as const) {
    await using chatty = await serve({ port: 0, env: api.env, pool, logger: createLog(options), logContent });
    const other = new Anthropic({ baseURL: chatty.url, apiKey: 'any', authToken: null, maxRetries: 0 });
    api.reply([{ type: 'tool_use', name: 'spy', input: { secret: 'of the tool', number: 4711 } }]);
    const messages = [{ role: 'user' as const, content: 'my secret prompt' }];
    const tools = [{ name: 'spy', input_schema: { type: 'object' as const, properties: { secret: {} } } }];
    await other.messages.stream({ ...params, messages, tools }).finalMessage();
    const text = lines.splice(0).join('\n');
    for (const said of ['request', 'toCli', 'fromCli', 'event']) expect(text).toContain(`"${said}":{`);
    expect(text).toContain('content_block_delta');
    expect(/secret|of the tool|4711/.test(text)).toBe(logContent === 'full');
  }
});

it("serves the SDK's batches, kept in a directory", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'server-batches-'));
  {
    await using batching = await serve({ port: 0, env: api.env, pool, batches: { directory } });
    const other = new Anthropic({ baseURL: batching.url, apiKey: 'any', authToken: null, maxRetries: 0 });
    const { id } = await other.messages.batches.create({ requests: [{ custom_id: 'sum', params }] });
    const ended = async () => (await other.messages.batches.retrieve(id)).processing_status;
    await expect.poll(ended, { timeout: 15_000 }).toBe('ended');
    for await (const { custom_id, result } of await other.messages.batches.results(id)) {
      expect(custom_id).toBe('sum');
      expect(result).toMatchObject({
        type: 'succeeded',
        message: { content: [{ type: 'text', text: '4' }] },
      });
    }
  }
  await rm(directory, { recursive: true, force: true });
});

it('is ready when the first workers are, and gives one to the first request', async () => {
  await using warm = createPool({ warm: 1, max: 1 });
  await using server = await serve({ port: 0, env: api.env, pool: warm });
  const ready = async () => (await fetch(`${server.url}/ready`)).status;
  await expect.poll(ready, { timeout: 15_000 }).toBe(200);
  expect(warm.stats.idle).toBe(1);
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: question };
  expect((await fetch(`${server.url}/v1/messages`, init)).status).toBe(200);
  expect(warm.stats.served).toMatchObject({ warm: 1, cold: 0 });
});
