import { PassThrough, Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChunkEvent, type StreamOptions, streamResponse, textOf } from '../lib/index.ts';
import { fake, until } from './fixtures/outcome.ts';
import { type Watch, watchProcesses } from './fixtures/processes.ts';

let watch: Watch;

beforeEach(() => {
  watch = watchProcesses();
});

afterEach(() => {
  watch.stop();
  expect(watch.left()).toEqual([]);
  expect(watch.pids).toHaveLength(1);
});

describe('the text of a stream', () => {
  it('is an async iterable of its pieces', async () => {
    const pieces: string[] = [];
    for await (const piece of textOf(ask('floods', { env: { FAKE_LINES: '3' } }))) pieces.push(piece);
    expect(pieces).toEqual(['0 ', '1 ', '2 ']);
  });

  it('goes through pipeline() into a Writable, and through a Transform', async () => {
    const upper = new Transform({
      transform: (piece, _encoding, done) => done(null, String(piece).toUpperCase()),
    });
    const written: string[] = [];
    await pipeline(textOf(ask('echoes')), upper, toWritable(written));
    expect(written.join('')).toBe('HELLO');
  });

  it('is a Readable by Readable.from(),', async () => {
    expect(await Readable.from(textOf(ask('echoes'))).toArray()).toEqual(['hello']);
  });

  it('is the body of a Response', async () => {
    const body = Readable.toWeb(Readable.from(textOf(ask('echoes'))).map(piece => Buffer.from(piece)));
    expect(await new Response(body as ReadableStream<Uint8Array>).text()).toBe('hello');
  });

  it('feeds a ReadableStream', async () => {
    let text = '';
    for await (const piece of ReadableStream.from(textOf(ask('echoes')))) text += piece;
    expect(text).toBe('hello');
  });

  it('fails in pipeline() with the error of the stream', async () => {
    const written: string[] = [];
    await expect(pipeline(textOf(ask('dies-mid-line')), toWritable(written))).rejects.toMatchObject({
      code: 'CLI_EXITED',
    });
    expect(written).toEqual(['half an ans']);
  });
});

describe('a stream of events', () => {
  it('is a Readable of objects', async () => {
    const events: ChunkEvent[] = await Readable.from(ask('echoes')).toArray();
    expect(events.map(({ type }) => type)).toEqual(['text', 'end']);
  });

  it('is the first argument of pipeline()', async () => {
    const seen: string[] = [];
    await pipeline(ask('echoes'), async events => {
      for await (const event of events) seen.push(event.type);
    });
    expect(seen).toEqual(['text', 'end']);
  });
});

describe('a destination that goes away ends the process', () => {
  it('a Writable that fails', async () => {
    const failing = new Writable({ write: (_piece, _encoding, done) => done(new Error('disk full')) });
    await expect(pipeline(textOf(ask('floods', endless)), failing)).rejects.toThrow('disk full');
    await watch.expectNoneLeft();
  });

  it('a Writable that is destroyed while it is written to', async () => {
    const slow = new PassThrough();
    const done = pipeline(textOf(ask('floods', endless)), slow);
    slow.once('data', () => slow.destroy());
    await expect(done).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    await watch.expectNoneLeft();
  });

  it('a Writable that is destroyed while the CLI is silent', async () => {
    const target = new PassThrough();
    const done = pipeline(Readable.from(textOf(ask('silent'))), target);
    target.once('data', () => target.destroy());
    await expect(done).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    await watch.expectNoneLeft();
  });

  it('a Readable that is destroyed', async () => {
    const readable = Readable.from(textOf(ask('silent')));
    for await (const _piece of readable) break;
    await watch.expectNoneLeft();
  });

  it('a ReadableStream that is cancelled while the CLI is silent', async () => {
    const reader = ReadableStream.from(textOf(ask('silent'))).getReader();
    await reader.read();
    await until(() => watch.left().length === 1, 'one process');
    await reader.cancel();
    await watch.expectNoneLeft();
  });
});

const endless: StreamOptions = { env: { FAKE_LINES: '100000000' } };

function ask(name: string, more: StreamOptions = {}) {
  return streamResponse('hello', { pathToClaudeCodeExecutable: fake(name), ...more });
}

function toWritable(written: string[]): Writable {
  return new Writable({
    write: (piece, _encoding, done) => {
      written.push(String(piece));
      done();
    },
  });
}
