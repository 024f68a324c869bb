import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { ask, deltaOf, postMessage, readEvents, textOf } from './post-message.ts';

let api: OfflineApi;
beforeEach(async () => {
  api = await startOfflineApi();
});
afterEach(() => api.close());

describe('startOfflineApi', () => {
  it('listens on a free port of 127.0.0.1 only', () => {
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('rejects with the listen error when the port is taken, and leaves no home directory', async () => {
    const port = Number(new URL(api.url).port);
    await expect(startOfflineApi({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('answers with the option `answer` when nothing else was scripted', async () => {
    await using other = await startOfflineApi({ answer: 'Always this.' });
    other.reply('Once that.');
    expect(await ask(other.url, 'Hello')).toBe('Once that.');
    expect(await ask(other.url, 'Hello')).toBe('Always this.');
  });

  it('cuts text into one word per delta, or into pieces of `chunkSize` characters', async () => {
    const pieces = async (url: string) =>
      (await readEvents(await postMessage(url, 'echo: one two three')))
        .map(event => deltaOf(event).text)
        .filter(text => text !== undefined);

    expect(await pieces(api.url)).toEqual(['one ', 'two ', 'three']);
    await using sliced = await startOfflineApi({ chunkSize: 5 });
    expect(await pieces(sliced.url)).toEqual(['one t', 'wo th', 'ree']);
    await using whole = await startOfflineApi({ chunkSize: Number.POSITIVE_INFINITY });
    expect(await pieces(whole.url)).toEqual(['one two three']);
  });

  it('waits `delay` milliseconds between deltas', async () => {
    await using slow = await startOfflineApi({ delay: 30 });
    const start = performance.now();
    await readEvents(await postMessage(slow.url, 'echo: one two three'));
    expect(performance.now() - start).toBeGreaterThan(2 * 30 - 5);
  });
});

describe('the request log', () => {
  it('holds every Messages request in order of arrival, with body, headers and path', async () => {
    const before = performance.now();
    await ask(api.url, 'first');
    await fetch(`${api.url}/v1/messages?beta=true`, {
      method: 'POST',
      headers: { 'x-api-key': 'any' },
      body: JSON.stringify({ model: 'm', max_tokens: 5, messages: [], unknown_field: { kept: 1 } }),
    });

    expect(api.requests.map(({ index, id }) => [index, id])).toEqual([
      [0, 'req_offline_1'],
      [1, 'req_offline_2'],
    ]);
    const [first, second] = api.requests;
    expect(first?.body.messages).toEqual([{ role: 'user', content: 'first' }]);
    expect(second?.path).toBe('/v1/messages?beta=true');
    expect(second?.headers['x-api-key']).toBe('any');
    expect(second?.body.unknown_field).toEqual({ kept: 1 });
    expect(first?.at).toBeGreaterThan(before);
    expect(second?.at).toBeGreaterThan(first?.at ?? Number.POSITIVE_INFINITY);
  });

  it('says that a request finished when its answer was sent, failures included', async () => {
    api.reply({ error: { status: 500 } }, { content: 'a b c', failure: { kind: 'reset' } });
    await (await postMessage(api.url, 'one')).text();
    await postMessage(api.url, 'two')
      .then(it => it.text())
      .catch(() => {});
    await (await postMessage(api.url, 'three')).text();

    for (const request of api.requests) {
      expect(await request.closed).toBe('finished');
      expect(request.abortedAt).toBeUndefined();
    }
    expect(api.requests).toHaveLength(3);
  });

  it('says that a request was aborted, and when, if the client left before the answer was over', async () => {
    api.reply({ content: 'a b c', failure: { kind: 'stall' } });
    const client = new AbortController();
    await postMessage(api.url, 'Hello', {}, { signal: client.signal });
    const [request] = api.requests;
    expect(request?.signal.aborted).toBe(false);

    const left = performance.now();
    client.abort();
    expect(await request?.closed).toBe('aborted');
    expect(request?.abortedAt).toBeGreaterThanOrEqual(left);
    expect(request?.signal.aborted).toBe(true);
  });

  it('is emptied by reset(), together with the queue and the rules', async () => {
    api.reply('queued');
    api.when(() => 'by rule');
    await fetch(api.url, { method: 'HEAD' });
    await ask(api.url, 'Hello');
    api.reply('queued');
    api.reset();

    expect(api.requests).toEqual([]);
    expect(api.otherRequests).toEqual([]);
    expect(await ask(api.url, 'echo: nothing scripted')).toBe('nothing scripted');
    expect(api.requests[0]?.id).not.toBe('req_offline_1');
  });
});

describe('close()', () => {
  it('ends open connections, removes the home directory and may be called twice', async () => {
    const other = await startOfflineApi({ answer: { content: 'a b c', failure: { kind: 'stall' } } });
    const response = await postMessage(other.url, 'Hello');
    await other.close();
    await other.close();

    await expect(response.text()).rejects.toThrow();
    expect(await other.requests[0]?.closed).toBe('aborted');
    expect(existsSync(other.env.HOME ?? '')).toBe(false);
    await expect(fetch(other.url)).rejects.toThrow();
  });

  it('is what `await using` calls', async () => {
    let url = '';
    {
      await using scoped = await startOfflineApi();
      url = scoped.url;
    }
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe('many requests at once', () => {
  it('get their own answers and ids', async () => {
    const numbers = Array.from({ length: 50 }, (_, number) => String(number));
    const answers = await Promise.all(
      numbers.map(async number => readEvents(await postMessage(api.url, `echo: ${number}`))),
    );
    expect(answers.map(textOf)).toEqual(numbers);
    expect(new Set(api.requests.map(request => request.id)).size).toBe(50);
    expect(api.requests.map(request => request.index)).toEqual(numbers.map(Number));
  });
});
