import { expect, it } from 'vitest';
import { startOfflineApi } from '../../lib/testing/index.ts';
import { ask, postMessage, readBody } from './post-message.ts';

it('uses each queued answer once, first in, first out, before any rule', async () => {
  await using api = await startOfflineApi();
  api.when(() => 'rule');
  api.reply('one', 'two');
  api.reply('three');
  const answers = [];
  for (let count = 0; count < 4; count += 1) answers.push(await ask(api.url, 'Hello'));
  expect(answers).toEqual(['one', 'two', 'three', 'rule']);
});

it('asks later rules first, and the next one when a rule answers undefined', async () => {
  await using api = await startOfflineApi();
  api.when(() => 'general');
  const remove = api.when(({ body }) => (body.model === 'special' ? 'special' : undefined));

  expect(await ask(api.url, 'Hello', { model: 'special' })).toBe('special');
  expect(await ask(api.url, 'Hello', { model: 'ordinary' })).toBe('general');
  remove();
  remove();
  expect(await ask(api.url, 'Hello', { model: 'special' })).toBe('general');
});

it('removes only the one rule when the same function was added twice', async () => {
  await using api = await startOfflineApi();
  const rule = () => 'rule';
  const remove = api.when(rule);
  api.when(rule);
  remove();
  expect(await ask(api.url, 'echo: default')).toBe('rule');
});

it('takes functions as answers, async ones and ones that return functions too', async () => {
  await using api = await startOfflineApi();
  api.reply(
    ({ index }) => `number ${index}`,
    async () => () => 'nested',
    () => undefined,
  );
  expect(await ask(api.url, 'Hello')).toBe('number 0');
  expect(await ask(api.url, 'Hello')).toBe('nested');
  expect(await ask(api.url, 'echo: fell through')).toBe('fell through');
});

it('answers 500 with the reason, not to be retried, when a function throws', async () => {
  await using api = await startOfflineApi();
  api.reply(() => {
    throw new Error('mistake in the script');
  });
  const response = await postMessage(api.url, 'Hello');
  expect(response.status).toBe(500);
  expect(response.headers.get('x-should-retry')).toBe('false');
  expect((await readBody(response)).error.message).toContain('mistake in the script');
});
