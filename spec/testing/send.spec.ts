import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Failure,
  failures,
  type OfflineApi,
  startOfflineApi,
} from '../../lib/testing/index.ts';
import { parseEvents, postMessage, readBody } from './post-message.ts';

let api: OfflineApi;
beforeAll(async () => {
  api = await startOfflineApi();
});
beforeEach(() => api.reset());
afterAll(() => api.close());

/** What arrives of a response, and whether its connection broke. */
const receive = async (response: Response) => {
  const decoder = new TextDecoder();
  let text = '';
  let broken = false;
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
  } catch {
    broken = true;
  }
  return { text, broken };
};
const outcome = async (answer: Answer) => {
  api.reply(answer);
  return receive(await postMessage(api.url, 'Hello'));
};
const typesAfter = async (after: Failure['after'] & {}, content: Extract<Answer, string> = 'a b c') => {
  const { text } = await outcome({ content, failure: { kind: 'eof', after } });
  return parseEvents(text).map(({ type }) => type.replace('content_block_', ''));
};

describe('where an answer breaks off', () => {
  const started = ['message_start', 'ping', 'start'];

  it('after a number of deltas', async () => {
    expect(await typesAfter(0)).toEqual(started);
    expect(await typesAfter(1)).toEqual([...started, 'delta']);
    expect(await typesAfter(3)).toEqual([...started, 'delta', 'delta', 'delta']);
  });

  it('before the end of the message if there are fewer deltas than that', async () => {
    expect(await typesAfter(99)).toEqual([...started, 'delta', 'delta', 'delta', 'stop']);
  });

  it('after the headers or after an event', async () => {
    expect(await typesAfter('headers')).toEqual([]);
    expect(await typesAfter('message_start')).toEqual(['message_start']);
    expect(await typesAfter('content_block_start')).toEqual(started);
    expect(await typesAfter('content_block_stop', 'a')).toEqual([...started, 'delta', 'stop']);
    expect(await typesAfter('message_delta', 'a')).toEqual([...started, 'delta', 'stop', 'message_delta']);
  });
});

describe('how an answer breaks off', () => {
  it('reset: the connection breaks', async () => {
    api.reply(failures.resetMidStream);
    await expect(postMessage(api.url, 'Hello').then(it => it.text())).rejects.toThrow();
    expect(await api.requests[0]?.closed).toBe('finished');
  });

  it('reset by the test, when the client has read what was sent', async () => {
    api.reply(failures.stallMidStream);
    const reader = (await postMessage(api.url, 'Hello')).body?.getReader();
    let text = '';
    while (!text.includes('This ')) text += new TextDecoder().decode((await reader?.read())?.value);
    api.requests[0]?.reset();
    await expect(reader?.read()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(await api.requests[0]?.closed).toBe('aborted');
  });

  it('reset has no effect when the answer is over', async () => {
    await (await postMessage(api.url, 'Hello')).text();
    api.requests[0]?.reset();
    expect(await api.requests[0]?.closed).toBe('finished');
  });

  it('reset before headers: there is no response', async () => {
    api.reply(failures.resetBeforeHeaders);
    await expect(postMessage(api.url, 'Hello')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(await api.requests[0]?.closed).toBe('finished');
  });

  it('eof: the response ends well, the message does not', async () => {
    const { text, broken } = await outcome(failures.endMidStream);
    expect(broken).toBe(false);
    expect(text).not.toContain('message_stop');
  });

  it('eof before headers: the connection just ends', async () => {
    api.reply({ content: 'Hi', failure: { kind: 'eof', after: 'request' } });
    await expect(postMessage(api.url, 'Hello')).rejects.toThrow();
    expect(await api.requests[0]?.closed).toBe('finished');
  });

  it('malformed SSE: an event that is not JSON', async () => {
    const { text } = await outcome(failures.malformedMidStream);
    expect(() => parseEvents(text)).toThrow(SyntaxError);
  });

  it('error event: overloaded, or what the answer says', async () => {
    const overloaded = await outcome(failures.errorMidStream);
    expect(parseEvents(overloaded.text).at(-1)).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    });
    const error = { type: 'api_error', message: 'Oh dear' };
    const other = await outcome({ content: 'a', failure: { kind: 'error-event', after: 'headers', error } });
    expect(parseEvents(other.text)).toEqual([{ type: 'error', error }]);
  });

  it.each(['stallMidStream', 'stallBeforeHeaders'] as const)(
    '%s: silence until the client leaves',
    async name => {
      const arrived = new Promise(resolve => {
        api.when(() => {
          resolve(undefined);
          return failures[name];
        });
      });
      const client = new AbortController();
      const text = postMessage(api.url, 'Hello', {}, { signal: client.signal }).then(it => it.text());
      await arrived;
      const silence = sleep(50, 'silence');
      expect(await Promise.race([text.catch(() => 'over'), silence])).toBe('silence');
      client.abort();
      expect(await api.requests[0]?.closed).toBe('aborted');
    },
  );
});

describe('a whole message', () => {
  const half = async (kind: Failure['kind'], after?: 'request') => {
    api.reply({ content: 'a b c', failure: { kind, ...(after && { after }) } });
    return postMessage(api.url, 'Hello', { stream: false });
  };

  it.each(['eof', 'malformed-sse'] as const)('with %s is half of its JSON', async kind => {
    const { text, broken } = await receive(await half(kind));
    expect(broken).toBe(false);
    expect(text).toMatch(/^\{"id":"msg/);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it('with reset breaks half-way, or before its headers', async () => {
    await expect(half('reset').then(it => it.text())).rejects.toThrow();
    await expect(half('reset', 'request')).rejects.toThrow();
  });

  it('with error-event is an error response', async () => {
    const response = await half('error-event');
    expect(response.status).toBe(529);
    expect(await readBody(response)).toMatchObject({ error: { type: 'overloaded_error' } });
  });
});

describe('a client that does not read', () => {
  it('holds the answer up, and ends it by leaving', async () => {
    const total = 500;
    let produced = 0;
    let release = () => {};
    const ended = new Promise<void>(resolve => {
      release = resolve;
    });
    async function* text() {
      try {
        for (; produced < total; produced += 1) yield 'x'.repeat(100_000);
      } finally {
        release();
      }
    }
    api.reply([{ type: 'text', text: text() }]);

    const body = '{"model":"m","max_tokens":9,"messages":[],"stream":true}';
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1').pause();
    socket.write(`POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const standsStill = async (): Promise<void> => {
      const before = produced;
      await sleep(100);
      if (produced === 0 || produced !== before) await standsStill();
    };
    await standsStill();
    expect(produced).toBeLessThan(total);

    socket.destroy();
    await ended;
    expect(produced).toBeLessThan(total);
    expect(await api.requests[0]?.closed).toBe('aborted');
  });
});
