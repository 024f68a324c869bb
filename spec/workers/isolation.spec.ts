import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool, type Pool } from '../../lib/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { answer } from '../../lib/workers/answer.ts';
import type { MessagesRequest } from '../../lib/workers/messages-request.ts';
import type { WireMessage } from '../../lib/workers/plan.ts';
import { type Watch, watchProcesses } from '../fixtures/processes.ts';
import { conversationOf, normal } from '../fixtures/upstream.ts';
import { slowly } from '../messages/parts.ts';

let api: OfflineApi;
let pool: Pool;
let watch: Watch;

beforeAll(async () => {
  watch = watchProcesses();
  api = await startOfflineApi();
  pool = createPool({ max: 1, warm: 0 });
});

afterAll(async () => {
  await pool.close();
  await api.close();
  watch.stop();
  expect(watch.left()).toEqual([]);
});

/** What a caller asks, how the answer ends, and how he leaves: after the answer, or in its middle. */
interface Ask {
  request: MessagesRequest;
  leave: boolean;
  /** In ways that the CLI by itself would not leave alone. */
  cutOff?: 'max_tokens' | 'refusal' | undefined;
}

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const text = fc.oneof(word, fc.constantFrom('/cost', '@/etc/passwd', '/clear', '!ls', '# note'));
const toolLoop = fc
  .tuple(word, word, word, fc.boolean())
  .map(([question, city, sky, failed]): WireMessage[] => [
    { role: 'user', content: question },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: `${question}?` },
        { type: 'tool_use', id: `toolu_${city}`, name: 'weather', input: { city } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: `toolu_${city}`,
          content: sky,
          ...(failed ? { is_error: true } : {}),
        },
      ],
    },
    { role: 'assistant', content: [{ type: 'text', text: sky }] },
  ]);
const exchange = fc.tuple(text, word, fc.boolean()).map(([question, reply, asString]): WireMessage[] => [
  { role: 'user', content: question },
  { role: 'assistant', content: asString ? reply : [{ type: 'text', text: reply }] },
]);
/** The API takes an id of a call once in a request. */
const history = fc
  .uniqueArray(fc.oneof(exchange, toolLoop), { maxLength: 10, selector: idOfCall, comparator: sameCall })
  .map(parts => parts.flat());
const ask: fc.Arbitrary<Ask> = fc
  .record({
    history,
    question: text,
    tools: fc.subarray(['Bash', 'clock', 'sum.up', 'weather']),
    temperature: fc.option(fc.constantFrom(0, 0.5, 1), { nil: undefined }),
    stop: fc.option(word, { nil: undefined }),
    callTool: fc.boolean(),
    cutOff: fc.constantFrom(undefined, undefined, 'max_tokens' as const, 'refusal' as const),
    // Leaving costs the worker, and with it a second.
    leave: fc.nat(19).map(number => number === 0),
  })
  .map(({ history: before, question, tools, temperature, stop, callTool, cutOff, leave }) => {
    const used = before.some(({ content }) => typeof content !== 'string' && content.some(isToolUse));
    const names = used ? [...new Set([...tools, 'weather'])] : tools;
    const calls = callTool && names.includes('weather');
    return {
      leave,
      cutOff,
      request: {
        model: 'claude-opus-5-5',
        max_tokens: cutOff ? 10 : 1000,
        messages: [...before, { role: 'user', content: calls ? `call ${question}` : question }],
        ...(names.length > 0 ? { tools: names.map(name => toTool(name, names)) } : {}),
        ...(temperature === undefined ? {} : { temperature }),
        ...(stop === undefined ? {} : { stop_sequences: [stop] }),
      },
    };
  });

function idOfCall(part: WireMessage[]): unknown {
  const blocks = part.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  return blocks.find(isToolUse)?.id;
}

function sameCall(one: unknown, other: unknown): boolean {
  return one !== undefined && one === other;
}

function isToolUse({ type }: { type: string }): boolean {
  return type === 'tool_use';
}

/** The schema tells which call it was made for, so that one of an earlier call would show. */
function toTool(name: string, all: string[]) {
  return { name, description: `One of ${all.length}.`, input_schema: { type: 'object', title: all.join() } };
}

describe('one worker for many callers', () => {
  it('sends for each of them what he asked, and nothing of another', async () => {
    let served = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { minLength: 4, maxLength: 8 }), async asks => {
        for (const each of asks) await askAndJudge(each);
        served += asks.length;
      }),
      { numRuns: 5, endOnFailure: true },
    );
    expect(pool.stats.served.rewound).toBeGreaterThan(served / 4);
  });

  it('leaves nothing of a call that was left in its middle to the next one', async () => {
    const { unsure = 0 } = pool.stats.ended;
    const question = (text: string): WireMessage[] => [{ role: 'user', content: text }];
    await askAndJudge({ request: request(question('Tell me everything.')), leave: true });
    await askAndJudge({ request: request(question('echo: nothing')), leave: false });
    expect(pool.stats.ended.unsure).toBe(unsure + 1);
  });

  it('replays nothing of a conversation that its worker holds, and each request is still whole', async () => {
    const continued = pool.stats.served.continued;
    const conversation: WireMessage[] = [];
    for (const step of ['one', 'two', 'three', 'four']) {
      conversation.push({ role: 'user', content: `echo: ${step}` });
      await askAndJudge({ request: request(conversation), leave: false });
      conversation.push(answered(step));
    }
    expect(pool.stats.served.continued - continued).toBe(3);
  });

  it('sends a conversation whole, however full the window of the model is', async () => {
    const model = 'claude-sonnet-5-5';
    const messages: WireMessage[] = [{ role: 'user', content: 'echo: full' }];
    api.reply({ content: 'full', usage: { input_tokens: 995_000, output_tokens: 10 } });
    await askAndJudge({ request: { ...request(messages), model }, leave: false });
    messages.push(answered('full'), { role: 'user', content: 'echo: more' });
    await askAndJudge({ request: { ...request(messages), model }, leave: false });
  });

  it('notices one changed word in the history, and the API sees the changed one', async () => {
    const messages: WireMessage[] = [
      { role: 'user', content: 'echo: first' },
      { role: 'assistant', content: 'first' },
      { role: 'user', content: 'echo: second' },
    ];
    await askAndJudge({ request: request(messages.slice(0, 1)), leave: false });
    const forged = messages.map((message, index) =>
      index === 1 ? { ...message, content: 'forged' } : message,
    );
    await askAndJudge({ request: request(forged), leave: false });
    await askAndJudge({ request: request(messages), leave: false });
  });
});

function request(messages: WireMessage[]): MessagesRequest {
  return { model: 'claude-opus-5-5', max_tokens: 1000, messages: structuredClone(messages) };
}

function answered(text: string): WireMessage {
  return { role: 'assistant', content: [{ type: 'text', text }] };
}

/** The upstream body is the judge. */
async function askAndJudge({ request, leave, cutOff }: Ask): Promise<void> {
  const before = api.requests.length;
  const question = request.messages.at(-1)?.content;
  const call = { type: 'tool_use', id: 'toolu_new', name: 'weather', input: { city: 'Rome' } } as const;
  const calls = typeof question === 'string' && question.startsWith('call ') ? [call] : [];
  if (cutOff) {
    api.reply({ content: [{ type: 'text', text: slowly('It was a') }, ...calls], stopReason: cutOff });
  } else if (calls.length > 0) {
    api.reply(calls);
  }
  for await (const event of answer(request, { env: api.env, pool })) {
    if (leave && event.type === 'content_block_delta') break;
  }
  const sent = api.requests.slice(before);
  expect(sent).toHaveLength(1);
  const body = sent[0]?.body;
  if (!body) throw new Error('no request');
  expect(conversationOf(body)).toEqual(request.messages.map(normal));
  expect(body.temperature).toBe(request.temperature);
  expect(body.stop_sequences).toEqual(request.stop_sequences);
  expect(body.max_tokens).toBe(request.max_tokens);
  expect(body.thinking).toBeUndefined();
  expect((body.tools ?? []).map(plain)).toEqual(
    (request.tools ?? []).map(plain).sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

function plain({ name, description, input_schema }: Record<string, unknown> & { name: string }) {
  return { name, description, input_schema };
}
