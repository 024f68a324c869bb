import { expect, it } from 'vitest';
import { leavable } from '../lib/leavable.ts';

function waiting() {
  const log: string[] = [];
  const controller = new AbortController();
  async function* generate(): AsyncGenerator<string, void, undefined> {
    try {
      yield 'first';
      await new Promise<void>(resolve => controller.signal.addEventListener('abort', () => resolve()));
    } finally {
      log.push('finally');
    }
  }
  const stream = leavable(generate(), () => {
    log.push('leave');
    controller.abort();
  });
  return { stream, log };
}

it('return() ends a pending next()', async () => {
  const { stream, log } = waiting();
  await stream.next();
  const pending = stream.next();
  await stream.return();
  expect(await pending).toEqual({ value: undefined, done: true });
  expect(log).toEqual(['leave', 'finally']);
});

it('throw() ends a pending next() too, and rejects with its error', async () => {
  const { stream, log } = waiting();
  await stream.next();
  const pending = stream.next();
  await expect(stream.throw(new Error('no'))).rejects.toThrow('no');
  expect((await pending).done).toBe(true);
  expect(log).toEqual(['leave', 'finally']);
});

it('await using leaves it', async () => {
  const { stream, log } = waiting();
  {
    await using used = stream;
    await used.next();
  }
  expect(log).toEqual(['leave', 'finally']);
});

it('return() before the first next() does not start it', async () => {
  const { stream, log } = waiting();
  expect(await stream.return()).toEqual({ value: undefined, done: true });
  expect(log).toEqual(['leave']);
});

it('reading it to its end does not leave it', async () => {
  let left = false;
  async function* generate() {
    yield 1;
    return 'end';
  }
  const stream = leavable(generate(), () => {
    left = true;
  });
  await stream.next();
  expect(await stream.next()).toEqual({ value: 'end', done: true });
  expect(left).toBe(false);
});
