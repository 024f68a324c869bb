import { expect, it } from 'vitest';
import { eventStream } from '../../lib/messages/event-stream.ts';

function start(fail?: Error) {
  const log: string[] = [];
  const abort = new AbortController();
  abort.signal.addEventListener('abort', () => log.push('abort'));
  async function* events() {
    try {
      for (let index = 0; index < 3; index++) {
        log.push(`event ${index}`);
        yield { type: 'content_block_delta', index };
        if (fail) throw fail;
      }
    } finally {
      log.push('returned');
    }
  }
  const first = { type: 'message_start' };
  const done = () => log.push('done');
  const stream = eventStream({ first, rest: events(), abort, requestId: 'req_1', done });
  return { reader: stream.getReader(), log, abort };
}

it('takes one event per read, and none ahead', async () => {
  const { reader, log } = start();
  expect(log).toEqual([]);
  await reader.read();
  expect(log).toEqual([]);
  await reader.read();
  expect(log).toEqual(['event 0']);
  await reader.read();
  expect(log).toEqual(['event 0', 'event 1']);
});

it('ends with its events', async () => {
  const { reader, log } = start();
  while (!(await reader.read()).done);
  expect(log).toEqual(['event 0', 'event 1', 'event 2', 'returned', 'done']);
});

it('aborts before it returns when it is cancelled', async () => {
  const { reader, log } = start();
  await reader.read();
  await reader.read();
  await reader.cancel();
  expect(log).toEqual(['event 0', 'abort', 'returned', 'done']);
});

it('tells an error in an event, and ends', async () => {
  const { reader, log } = start(new Error('secret'));
  await reader.read();
  await reader.read();
  const { value } = await reader.read();
  expect(Buffer.from(value ?? []).toString()).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"Internal server error"},"request_id":"req_1"}\n\n',
  );
  expect((await reader.read()).done).toBe(true);
  expect(log).toEqual(['event 0', 'returned', 'done']);
});

it('ends at once when it is aborted while nobody reads', async () => {
  const { reader, log, abort } = start();
  await reader.read();
  await reader.read();
  abort.abort(new Error('gone'));
  await expect(reader.read()).rejects.toThrow('gone');
  expect(log).toEqual(['event 0', 'abort', 'returned', 'done']);
});
