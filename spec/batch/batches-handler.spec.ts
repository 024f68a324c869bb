import { existsSync, mkdtempSync } from 'node:fs';
import { appendFile, mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BatchesHandler, type BatchesOptions, createBatchesHandler } from '../../lib/batch/index.ts';
import { createHandler, type Handler } from '../../lib/messages/index.ts';
import { serve } from '../../lib/server/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';

let api: OfflineApi;
let directory: string;
let handler: BatchesHandler;

beforeAll(async () => {
  api = await startOfflineApi();
});
afterAll(() => api.close());
beforeEach(() => {
  api.reset();
  directory = mkdtempSync(join(tmpdir(), 'batches-spec-'));
});
afterEach(async () => {
  await handler.close();
  await rm(directory, { recursive: true });
});

/** Sends each request on to the offline API itself: cheaper than the CLI, and the same bodies. */
const forward: Handler = request =>
  fetch(api.url + new URL(request.url).pathname, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    signal: request.signal,
    duplex: 'half',
  } as RequestInit);

function start(to: Handler = forward, options: Partial<BatchesOptions> = {}): Anthropic {
  handler = createBatchesHandler(to, { directory, ...options });
  const fetch = async (url: string | URL | Request, init?: RequestInit) => handler(new Request(url, init));
  return new Anthropic({ apiKey: 'secret-key', baseURL: 'http://127.0.0.1:1', fetch, maxRetries: 0 });
}

const request = (custom_id: string, content: string) => ({
  custom_id,
  params: { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user' as const, content }] },
});

async function untilEnded(client: Anthropic, id: string): Promise<Anthropic.Messages.MessageBatch> {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    const batch = await client.messages.batches.retrieve(id);
    if (batch.processing_status === 'ended') return batch;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  throw new Error('the batch did not end');
}

async function resultsOf(client: Anthropic, id: string): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  for await (const { custom_id, result } of await client.messages.batches.results(id)) {
    const [block] = result.type === 'succeeded' ? result.message.content : [];
    if (custom_id in results) throw new Error(`${custom_id} is there twice`);
    results[custom_id] =
      block?.type === 'text' ? block.text : result.type === 'errored' ? result.error.error.type : result.type;
  }
  return results;
}

/** Holds every request until `release()`. */
function gated(): { gate: Handler; arrived: () => number; release: () => void } {
  let release = () => {};
  let count = 0;
  const open = new Promise<void>(resolve => {
    release = resolve;
  });
  const gate: Handler = async request => {
    count += 1;
    const leave = new Promise((_, reject) =>
      request.signal.addEventListener('abort', () => reject(request.signal.reason)),
    );
    await Promise.race([open, leave]);
    return forward(request);
  };
  return { gate, arrived: () => count, release };
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !condition() && Date.now() < end; )
    await new Promise(resolve => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

describe("the SDK's client.messages.batches", () => {
  it('creates, retrieves and reads the results of a batch, through the real CLI', async () => {
    const client = start(createHandler({ env: api.env }));
    const created = await client.messages.batches.create({
      requests: [request('sum', 'What is 2+2?'), request('echo', 'echo: hello')],
    });
    expect(created).toMatchObject({
      id: expect.stringMatching(/^msgbatch_/),
      type: 'message_batch',
      processing_status: 'in_progress',
      request_counts: { processing: 2, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
      ended_at: null,
      results_url: null,
      archived_at: null,
    });
    expect(Date.parse(created.expires_at) - Date.parse(created.created_at)).toBe(24 * 60 * 60 * 1000);
    const ended = await untilEnded(client, created.id);
    expect(ended.request_counts).toEqual({
      processing: 0,
      succeeded: 2,
      errored: 0,
      canceled: 0,
      expired: 0,
    });
    expect(await resultsOf(client, created.id)).toEqual({ sum: '4', echo: 'hello' });
  });

  it('works through the proxy, every call of it', async () => {
    start();
    await using server = await serve({ handler, port: 0 });
    const client = new Anthropic({ apiKey: 'any', baseURL: server.url, maxRetries: 0 });
    const { id } = await client.messages.batches.create({ requests: [request('a', 'echo: hello')] });
    const { results_url } = await untilEnded(client, id);
    expect(results_url).toBe(`${server.url}/v1/messages/batches/${id}/results`);
    expect(await resultsOf(client, id)).toEqual({ a: 'hello' });

    const { data } = await client.messages.batches.list();
    expect(data.map(batch => batch.id)).toEqual([id]);
    expect(await client.beta.messages.batches.retrieve(id)).toMatchObject({ id, processing_status: 'ended' });
    expect(await client.messages.batches.cancel(id)).toMatchObject({ id, cancel_initiated_at: null });
    expect(await client.messages.batches.delete(id)).toEqual({ id, type: 'message_batch_deleted' });
    await expect(client.messages.batches.results(id)).rejects.toMatchObject({ status: 404 });
  });

  it('records what fails, and tries again what may pass', async () => {
    const client = start(forward, { concurrency: 1 });
    api.reply({ error: { status: 400 } }, { error: { status: 529, headers: { 'x-should-retry': 'true' } } });
    const { id } = await client.messages.batches.create({
      requests: [request('bad', 'echo: 1'), request('busy', 'echo: 2')],
    });
    expect((await untilEnded(client, id)).request_counts).toMatchObject({ succeeded: 1, errored: 1 });
    expect(await resultsOf(client, id)).toEqual({ bad: 'invalid_request_error', busy: '2' });
    expect(api.requests).toHaveLength(3);
  });

  it('cancels: what runs is finished, what waits is not started', async () => {
    const { gate, arrived, release } = gated();
    const client = start(gate, { concurrency: 1 });
    const requests = ['a', 'b', 'c'].map(id => request(id, `echo: ${id}`));
    const { id } = await client.messages.batches.create({ requests });
    await until(() => arrived() === 1);
    await expect(client.messages.batches.delete(id)).rejects.toMatchObject({ status: 400 });
    await expect(client.messages.batches.results(id)).rejects.toThrow('results_url');
    const canceling = await client.messages.batches.cancel(id);
    expect(canceling).toMatchObject({
      processing_status: 'canceling',
      cancel_initiated_at: expect.any(String),
    });
    release();
    const ended = await untilEnded(client, id);
    expect(ended.request_counts).toMatchObject({ succeeded: 1, canceled: 2 });
    expect(await resultsOf(client, id)).toEqual({ a: 'a', b: 'canceled', c: 'canceled' });
    expect(arrived()).toBe(1);
  });

  it('goes on after a restart, with what was done and no more', async () => {
    const { gate } = gated();
    let calls = 0;
    const first = start(
      async request => {
        calls += 1;
        return calls <= 2 ? forward(request) : gate(request);
      },
      { concurrency: 2 },
    );
    const requests = ['a', 'b', 'c', 'd', 'e'].map(id => request(id, `echo: ${id}`));
    const { id } = await first.messages.batches.create({ requests });
    await until(() => calls === 4);
    await handler.close();
    await appendFile(join(directory, id, 'results.jsonl'), '{"custom_id":"c","result":{"type":"succ');
    api.reset();

    const second = start();
    await untilEnded(second, id);
    expect(await resultsOf(second, id)).toEqual({ a: 'a', b: 'b', c: 'c', d: 'd', e: 'e' });
    expect(api.requests).toHaveLength(3);
  });

  it('lists page by page, newest first, and deletes', async () => {
    const client = start();
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) {
      const { id } = await client.messages.batches.create({ requests: [request(text, `echo: ${text}`)] });
      ids.unshift(id);
      await untilEnded(client, id);
    }
    const listed: string[] = [];
    for await (const { id } of client.messages.batches.list({ limit: 2 })) listed.push(id);
    expect(listed).toEqual(ids);
    const newer = await client.messages.batches.list({ before_id: ids[2] ?? '', limit: 1 });
    expect(newer).toMatchObject({
      data: [{ id: ids[1] }],
      has_more: true,
      first_id: ids[1],
      last_id: ids[1],
    });

    const [newest = ''] = ids;
    expect(await client.messages.batches.delete(newest)).toEqual({
      id: newest,
      type: 'message_batch_deleted',
    });
    await expect(client.messages.batches.retrieve(newest)).rejects.toMatchObject({ status: 404 });
    expect(await readdir(directory)).toHaveLength(2);
  });
});

describe('createBatchesHandler()', () => {
  it('keeps files that only their owner reads, without a credential', async () => {
    const client = start();
    const { id } = await client.messages.batches.create({ requests: [request('a', 'echo: a')] });
    await untilEnded(client, id);
    const names = await readdir(join(directory, id));
    expect(names.sort()).toEqual(['batch.json', 'ended.json', 'requests.jsonl', 'results.jsonl']);
    for (const name of names) {
      const path = join(directory, id, name);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    expect((await stat(join(directory, id))).mode & 0o777).toBe(0o700);
  });

  it('runs a batch once when two handlers share the folder', async () => {
    const client = start();
    const other = createBatchesHandler(forward, { directory });
    const requests = Array.from({ length: 10 }, (_, index) => request(`id-${index}`, `echo: ${index}`));
    const { id } = await client.messages.batches.create({ requests });
    const seen = await other(new Request(`http://127.0.0.1/v1/messages/batches/${id}`));
    expect(await seen.json()).toMatchObject({ id });
    await untilEnded(client, id);
    await other.close();
    expect(Object.keys(await resultsOf(client, id))).toHaveLength(10);
    expect(api.requests).toHaveLength(10);
  });

  it('goes on with the others when a folder is damaged, and sweeps what a killed process left', async () => {
    const first = start(gated().gate);
    const { id } = await first.messages.batches.create({ requests: [request('a', 'echo: a')] });
    await handler.close();
    const damaged = 'msgbatch_zzzzzzzzz';
    await mkdir(join(directory, damaged));
    await writeFile(join(directory, damaged, 'batch.json'), '');
    const [old, recent] = ['msgbatch_old.tmp', 'msgbatch_recent.tmp'].map(name => join(directory, name));
    for (const path of [old ?? '', recent ?? '']) await mkdir(path);
    await utimes(old ?? '', 0, 0);

    const client = start();
    await untilEnded(client, id);
    const listed = await client.messages.batches.list();
    expect(listed.data.map(batch => batch.id)).toEqual([id]);
    await expect(client.messages.batches.retrieve(damaged)).rejects.toMatchObject({ status: 404 });
    await until(() => !existsSync(old ?? ''));
    expect(existsSync(recent ?? '')).toBe(true);
  });

  it('asks thousands of requests without a warning', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const client = start(async () => Response.json({ type: 'message', content: [] }), { concurrency: 8 });
    const requests = Array.from({ length: 2_000 }, (_, index) => request(`id-${index}`, 'hello'));
    const { id } = await client.messages.batches.create({ requests });
    expect((await untilEnded(client, id)).request_counts.succeeded).toBe(2_000);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('passes on every other request, and refuses what is malformed', async () => {
    const client = start(async () => new Response('mine', { status: 418 }));
    const passed = await handler(new Request('http://127.0.0.1/v1/messages', { method: 'POST' }));
    expect(await passed.text()).toBe('mine');
    const bad = [
      [],
      [request('a', 'one'), request('a', 'two')],
      [request('not valid!', 'one')],
      [{ custom_id: 'a' }] as never,
    ];
    for (const requests of bad) {
      await expect(client.messages.batches.create({ requests })).rejects.toMatchObject({ status: 400 });
    }
    for (const path of ['msgbatch_0', '..%2F..', 'msgbatch_0/results', 'msgbatch_0/nothing']) {
      const response = await handler(new Request(`http://127.0.0.1/v1/messages/batches/${path}`));
      expect(response.status).toBe(404);
    }
    expect(await readdir(directory)).toEqual([]);
  });
});
