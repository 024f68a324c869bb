import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { failures } from '../../lib/testing/index.ts';
import { open, question, rawPost, readAll, readUntil } from './raw.ts';
import { startServer } from './stand-in.ts';

const stream = JSON.stringify({ ...JSON.parse(question), stream: true });

describe('close()', () => {
  it('lets running answers end, and takes no new ones', async () => {
    await using server = await startServer({ grace: 10_000 });
    server.api.reply({ content: 'one two three', firstDelay: 100, delay: 20 });
    const idle = await open(server.port);
    const busy = await open(server.port);
    busy.write(rawPost(stream));
    await expect.poll(() => server.api.requests.length).toBe(1);
    const answer = readAll(busy);
    const closed = server.close();

    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
    await readAll(idle);
    expect(await answer).toContain('message_stop');
    await closed;
  });

  it('refuses what still comes over a connection that is open, and is not ready', async () => {
    await using server = await startServer();
    let goOn = () => {};
    const gate = new Promise<void>(resolve => {
      goOn = resolve;
    });
    async function* words() {
      yield 'one ';
      await gate;
      yield 'two';
    }
    const answer = () => [{ type: 'text', text: words() }];
    server.api.reply(answer(), answer(), failures.stallMidStream);
    const begin = async () => {
      const socket = await open(server.port);
      socket.write(rawPost(stream, { connection: 'keep-alive' }));
      await readUntil(socket, text => text.includes('content_block_delta'));
      return socket;
    };
    const [asking, probing, running] = [await begin(), await begin(), await begin()];
    const closed = server.close({ grace: 20_000 });
    goOn();
    await readUntil(asking, text => text.includes('message_stop'));
    await readUntil(probing, text => text.includes('message_stop'));
    asking.write(rawPost(question, { connection: 'keep-alive' }));
    probing.write('GET /ready HTTP/1.1\r\nhost: localhost\r\n\r\n');
    for (const [socket, told] of [
      [asking, 'overloaded_error'],
      [probing, 'the server is shutting down'],
    ] as const) {
      const text = await readAll(socket);
      expect(text).toMatch(/^HTTP\/1\.1 503 /m);
      expect(text).toMatch(/^connection: close$/im);
      expect(text).toContain(told);
    }
    running.destroy();
    await closed;
  });

  it('ends what runs longer than the grace period with an error event', async () => {
    await using server = await startServer();
    const client = new Anthropic({ baseURL: server.url, apiKey: 'any', authToken: null, maxRetries: 0 });
    server.api.reply(failures.stallMidStream);
    const answer = client.messages.stream(JSON.parse(question));
    const failed = expect(answer.finalMessage()).rejects.toMatchObject({
      error: { error: { type: 'overloaded_error', message: 'The server is shutting down' } },
    });
    await new Promise(resolve => answer.once('text', resolve));
    await server.close({ grace: 20 });
    await failed;
    expect(await server.api.requests[0]?.closed).toBe('aborted');
  });

  it('answers 503 to those who wait for a whole answer when the grace period ends', async () => {
    await using server = await startServer();
    server.api.reply(failures.stallBeforeHeaders);
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: question };
    const answer = fetch(`${server.url}/v1/messages`, init);
    await expect.poll(() => server.api.requests.length).toBe(1);
    const closed = server.close({ grace: 0 });
    const response = await answer;
    expect([response.status, response.headers.get('connection')]).toEqual([503, 'close']);
    await closed;
  });

  it('may be called twice', async () => {
    const server = await startServer();
    await Promise.all([server.close(), server.close()]);
    await server.close();
  });
});

describe('an answer that takes longer than `timeout`', () => {
  it('ends as the API ends it: with an error event, or with 504', async () => {
    await using server = await startServer({ timeout: 500 });
    server.api.reply(failures.stallMidStream, failures.stallBeforeHeaders);
    const socket = await open(server.port);
    socket.write(rawPost(stream));
    const text = await readUntil(socket, all => all.includes('timeout_error'));
    expect(text).toContain('event: error\ndata: {"type":"error","error":{"type":"timeout_error"');
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: question };
    expect((await fetch(`${server.url}/v1/messages`, init)).status).toBe(504);
  });
});
