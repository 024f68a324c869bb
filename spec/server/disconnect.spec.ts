import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Handler, toNodeHandler } from '../../lib/server/index.ts';
import { failures } from '../../lib/testing/index.ts';
import { open, question, rawPost, readAll, readUntil } from './raw.ts';
import { startServer } from './stand-in.ts';

const stream = JSON.stringify({ ...JSON.parse(question), stream: true });
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(handler: Handler, options = {}): Promise<number> {
  const server = createServer(toNodeHandler(handler, options)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

describe('a client that leaves stops its answer upstream', () => {
  it.each([
    ['before the first event', stream, failures.stallBeforeHeaders, '', 0],
    ['in the middle of a stream', stream, failures.stallMidStream, 'content_block_delta', 1],
    ['while it waits for a whole answer', question, failures.stallBeforeHeaders, '', 0],
  ])('%s', async (_, body, answer, seen) => {
    await using server = await startServer();
    server.api.reply(answer);
    const socket = await open(server.port);
    socket.write(rawPost(body, { connection: 'keep-alive' }));
    if (seen) await readUntil(socket, text => text.includes(seen));
    await expect.poll(() => server.api.requests.length).toBe(1);

    socket.destroy();
    expect(await server.api.requests[0]?.closed).toBe('aborted');
    await expect.poll(() => metric(server.url, 'answers_running')).toBe('0');
  });

  it('while it still sends its body', async () => {
    await using server = await startServer();
    const socket = await open(server.port);
    socket.write(rawPost('{', { 'content-length': '1000' }));
    socket.destroy();
    expect(await metric(server.url, 'answers_running')).toBe('0');
    expect(server.api.requests).toEqual([]);
  });

  it('in a pipeline, where only the first answer has a socket', async () => {
    const signals: AbortSignal[] = [];
    const port = await listen(({ signal }) => {
      signals.push(signal);
      return new Promise<never>(() => {});
    });
    const socket = await open(port);
    socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => signals.length).toBe(2);
    socket.destroy();
    await expect.poll(() => signals.every(signal => signal.aborted)).toBe(true);
    expect(signals.map(signal => signal.reason.name)).toEqual(['AbortError', 'AbortError']);
  });
});

describe('a client that reads slowly', () => {
  const endless = (onPull: () => void) =>
    new Response(
      new ReadableStream({
        pull(controller) {
          onPull();
          controller.enqueue(new Uint8Array(64 * 1024));
        },
      }),
    );

  it('holds the answer back, and gets all of it', async () => {
    let pulls = 0;
    const port = await listen(() => endless(() => (pulls += 1)));
    const socket = await open(port);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const settled = async () => {
      const before = pulls;
      await new Promise(resolve => setTimeout(resolve, 100));
      return pulls > 0 && pulls === before;
    };
    await expect.poll(settled, { timeout: 5_000 }).toBe(true);
    // What the system's own socket buffers hold, which is a few megabytes on Linux.
    expect(pulls * 64).toBeLessThan(16 * 1024);
    const before = pulls;
    socket.resume();
    await expect.poll(() => pulls).toBeGreaterThan(before + 200);
    socket.destroy();
  });

  it('is cut off when it reads nothing for longer than stallTimeout', async () => {
    let request: Request | undefined;
    const port = await listen(
      asked => {
        request = asked;
        return endless(() => {});
      },
      { stallTimeout: 100 },
    );
    const socket = await open(port);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => request?.signal.aborted).toBe(true);
    socket.destroy();
  });

  it('is cut off, too, when only the end of an answer is still on its way', async () => {
    let cutOff = false;
    const server = createServer((incoming, outgoing) => {
      // Fills what the system holds for a client that reads nothing, then ends: so little is left that `write` minds nothing.
      const pull = async (controller: ReadableStreamDefaultController) => {
        for (let waits = 0; outgoing.writableLength > 0; waits += 1) {
          if (waits > 20) return controller.close();
          await new Promise(resolve => setTimeout(resolve, 5));
        }
        controller.enqueue(new Uint8Array(8 * 1024));
      };
      const answer = (request: Request) => {
        request.signal.addEventListener('abort', () => (cutOff = true));
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
      };
      void toNodeHandler(answer, { stallTimeout: 200 })(incoming, outgoing);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = await open((server.address() as AddressInfo).port);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => cutOff, { timeout: 15_000 }).toBe(true);
    socket.destroy();
    server.close();
  });

  it('is not blamed for what it was not sent yet: answers in a pipeline wait for each other', async () => {
    let finish = () => {};
    const first = new Promise<Response>(resolve => {
      finish = () => resolve(new Response('first'));
    });
    let taken = 0;
    const port = await listen(
      ({ url }) => {
        taken += 1;
        return url.endsWith('/1') ? first : new Response(new Uint8Array(1024 * 1024));
      },
      { stallTimeout: 200 },
    );
    const socket = await open(port);
    socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    await expect.poll(() => taken).toBe(2);
    await new Promise(resolve => setTimeout(resolve, 500));
    finish();
    const text = await readAll(socket);
    expect(text).toContain('first');
    expect(text.length).toBeGreaterThan(1024 * 1024);
    expect(text).toMatch(/\r\n0\r\n\r\n$/);
  });
});

describe('toNodeHandler', () => {
  it('breaks the connection when a body breaks off', async () => {
    const port = await listen(() => {
      const pieces = [new TextEncoder().encode('half of')];
      const pull = (controller: ReadableStreamDefaultController) => {
        const piece = pieces.pop();
        if (piece) controller.enqueue(piece);
        else controller.error(new Error('secret path /home/me'));
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    });
    const read = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
    await expect(read()).rejects.toThrow();
  });

  it('answers 500 without the reason when the handler throws', async () => {
    const port = await listen(() => {
      throw new Error('secret path /home/me');
    });
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });

  it('passes request bodies, all headers and several cookies', async () => {
    const port = await listen(async request => {
      const headers = new Headers({ 'x-seen': request.headers.get('x-twice') ?? '' });
      headers.append('set-cookie', 'a=1');
      headers.append('set-cookie', 'b=2');
      return new Response(await request.text(), { headers });
    });
    const headers: [string, string][] = [
      ['x-twice', 'one'],
      ['x-twice', 'two'],
    ];
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'body', headers });
    expect(await response.text()).toBe('body');
    expect(response.headers.get('x-seen')).toBe('one, two');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('leaves no listener on a connection that is used again', async () => {
    const counts: number[] = [];
    const handle = toNodeHandler(() => new Response('ok'));
    const server = createServer((incoming, outgoing) => {
      counts.push(incoming.socket.listenerCount('close'));
      void handle(incoming, outgoing);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = await open(port);
    for (let round = 0; round < 20; round += 1) {
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      await readUntil(socket, text => text.endsWith('0\r\n\r\n'));
    }
    socket.destroy();
    server.close();
    expect(new Set(counts).size).toBe(1);
  });
});

async function metric(url: string, name: string): Promise<string | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return new RegExp(`^claude_cli_stream_${name} (.*)$`, 'm').exec(text)?.[1];
}
