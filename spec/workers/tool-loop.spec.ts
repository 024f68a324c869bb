import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createPool, type Pool } from '../../lib/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { answer } from '../../lib/workers/answer.ts';
import type { WireMessage } from '../../lib/workers/plan.ts';
import { conversationOf, normal } from '../fixtures/upstream.ts';

// The upstream body is the judge: whether a worker waited for the results or was told everything anew, it is the same.

let api: OfflineApi;
let pool: Pool;
beforeAll(async () => {
  api = await startOfflineApi();
  pool = createPool({ max: 2, warm: 0 });
});
afterAll(async () => {
  await pool.close();
  await api.close();
});
beforeEach(() => api.reset());

const tools = [{ name: 'look_up', description: 'Looks it up.', input_schema: { type: 'object' } }];
let calls = 0;
const call = () => ({ type: 'tool_use', id: `toolu_${calls++}`, name: 'look_up', input: { n: calls } });
type Call = ReturnType<typeof call>;
const user = (content: WireMessage['content']): WireMessage => ({ role: 'user', content });
const assistant = (content: Call[]): WireMessage => ({ role: 'assistant', content });
const resultOf = ({ id }: Call, content: unknown, more: object = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...more,
});

/** One request; the API answers with these calls, or with a word. */
async function ask(messages: WireMessage[], next: Call[] | 'done', more: object = {}): Promise<void> {
  api.reply(next);
  const before = api.requests.length;
  await send(messages, more);
  expect(api.requests).toHaveLength(before + 1);
  const body = api.requests.at(-1)?.body;
  expect(body && conversationOf(body)).toEqual(messages.map(normal));
}

async function send(messages: WireMessage[], more: object = {}): Promise<void> {
  const request = { model: 'claude-opus-5-5', max_tokens: 1000, tools, ...more, messages };
  for await (const _ of answer(structuredClone(request), { env: api.env, pool }));
}

/** How many requests went on where their worker waited, or at least on what it held. */
async function continuedIn(run: () => Promise<void>): Promise<number> {
  const before = pool.stats.served.continued;
  await run();
  return pool.stats.served.continued - before;
}

it('goes on with the results where the worker waits for them', async () => {
  const [one, two, three] = [call(), call(), call()];
  const messages = [user('Go')];
  const continued = await continuedIn(async () => {
    await ask(messages, [one]);
    messages.push(assistant([one]), user([resultOf(one, 'sunny')]));
    await ask(messages, [two, three]);
    messages.push(
      assistant([two, three]),
      user([resultOf(two, [{ type: 'text', text: 'rain' }]), resultOf(three, 'no', { is_error: true })]),
    );
    await ask(messages, 'done');
    messages.push({ role: 'assistant', content: 'done' }, user('And then?'));
    await ask(messages, 'done');
  });
  expect(continued).toBe(3);
});

it.each([
  ['an image', (one: Call) => [resultOf(one, [image])]],
  ['nothing', (one: Call) => [resultOf(one, '')]],
  ['a long text', (one: Call) => [resultOf(one, 'word '.repeat(30_000))]],
  ['text after it', (one: Call) => [resultOf(one, 'sunny'), { type: 'text', text: 'Hurry.' }]],
])('tells a result anew that the CLI would change: %s', async (_, results) => {
  const one = call();
  const messages = [user('Go')];
  const continued = await continuedIn(async () => {
    await ask(messages, [one]);
    await ask([...messages, assistant([one]), user(results(one))], 'done');
  });
  expect(continued).toBe(0);
});

it('tells everything anew when anything else has changed, or another caller comes', async () => {
  const [one, two] = [call(), call()];
  const continued = await continuedIn(async () => {
    await ask([user('Go')], [one]);
    await ask([user('Stay'), assistant([one]), user([resultOf(one, 'sunny')])], 'done');
    await ask([user('Go')], [two]);
    await ask([user('Go'), assistant([two]), user([resultOf(two, 'sunny')])], 'done', { temperature: 0 });
    await ask([user('Something else')], 'done');
  });
  expect(continued).toBe(0);
});

it('leaves a worker that waits to its caller while there is another', async () => {
  // Two workers, both idle afterwards.
  await Promise.all([send([user('Hello')]), send([user('Hello')])]);
  const one = call();
  const continued = await continuedIn(async () => {
    await ask([user('Go')], [one]);
    await ask([user('Something else')], 'done');
    await ask([user('Go'), assistant([one]), user([resultOf(one, 'sunny')])], 'done');
  });
  expect(continued).toBe(1);
});

it('passes every result on as it is, or tells it anew', async () => {
  const content = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    fc.constantFrom(
      ' x ',
      'x\r\n\ty',
      '/cost',
      '@/etc/passwd',
      '<b>&amp;</b>',
      '{"a": 1}',
      'null',
      '\u2028x',
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(content.filter(isText), { minLength: 5, maxLength: 5 }), async texts => {
      const messages = [user('Go')];
      for (const text of texts) {
        const one = call();
        await ask(messages, [one]);
        messages.push(assistant([one]), user([resultOf(one, text)]));
      }
      await ask(messages, 'done');
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

/** What the API takes: not blank, and no half characters. */
function isText(text: string): boolean {
  return text.trim() !== '' && !/\p{Cs}/u.test(text);
}

const image = {
  type: 'image',
  source: {
    type: 'base64',
    media_type: 'image/png',
    data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  },
};
