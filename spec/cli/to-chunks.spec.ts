import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ChunkEvent } from '../../lib/chunks.ts';
import type { CliMessage } from '../../lib/cli/messages.ts';
import { newTurnState, toChunks } from '../../lib/cli/to-chunks.ts';
import { recordedTurns } from '../fixtures/recording.ts';

const recordings = readdirSync(new URL('../fixtures/recordings', import.meta.url)).map(file =>
  file.replace('.ndjson', ''),
);

describe('of every recording', () => {
  it.each(recordings)(
    '%s: nothing is unknown, a turn begins with start, and its text is what text events add up to',
    name => {
      for (const { events, text } of recordedTurns(name)) {
        expect(events.filter(({ type }) => type === 'unknown')).toEqual([]);
        expect(events[0]?.type).toBe('start');
        expect(added(events)).toBe(text);
      }
    },
  );
});

describe('a recording of', () => {
  it('a simple text', () => {
    const [turn] = recordedTurns('simple-text');
    expect(types(turn?.events)).toEqual(['start', 'notice', 'text', 'text', 'message']);
    expect(turn?.events[0]).toMatchObject({ model: 'claude-opus-5-5', cliVersion: '2.1.330', tools: [] });
    expect(turn?.events.at(-1)).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: 'hello world' }],
      stopReason: 'end_turn',
    });
  });

  it('thinking', () => {
    const [turn] = recordedTurns('thinking');
    expect(turn?.events).toContainEqual({ type: 'thinking', text: expect.stringMatching(/./) });
    expect(message(turn?.events)?.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
  });

  it('redacted thinking: it is in the message, as it came', () => {
    const [turn] = recordedTurns('redacted-thinking');
    expect(message(turn?.events)?.content[0]).toMatchObject({
      type: 'redacted_thinking',
      data: expect.any(String),
    });
  });

  it('citations: they are in the message', () => {
    const [turn] = recordedTurns('citations');
    expect(message(turn?.events)?.content[0]).toMatchObject({ type: 'text', citations: [expect.anything()] });
  });

  it('two tools: their calls, then their results, then the rest of the answer', () => {
    const [turn] = recordedTurns('tool-use-sdk-mcp');
    expect(types(turn?.events).filter(type => type !== 'notice')).toEqual([
      'start',
      'text',
      'tool-call',
      'tool-call',
      'message',
      'tool-result',
      'tool-result',
      'text',
      'message',
    ]);
    const calls = turn?.events.filter(event => event.type === 'tool-call') ?? [];
    const results = turn?.events.filter(event => event.type === 'tool-result') ?? [];
    expect(results.map(({ id }) => id).sort()).toEqual(calls.map(({ id }) => id).sort());
    expect(results.map(({ isError }) => isError)).toEqual([false, true]);
  });

  it('a tool that does not exist: its result is an error', () => {
    const [turn] = recordedTurns('tool-use-undeclared');
    expect(turn?.events).toContainEqual(expect.objectContaining({ type: 'tool-result', isError: true }));
  });

  it('max_tokens: the continuation that the CLI asks for is a notice', () => {
    const [turn] = recordedTurns('max-tokens');
    expect(turn?.events).toContainEqual(
      expect.objectContaining({
        type: 'notice',
        name: 'continuation',
        text: expect.stringContaining('limit'),
      }),
    );
    expect(turn?.text).toBe('cut off hehi there');
  });

  it('a request that was refused once: the retry event has its status', () => {
    const [turn] = recordedTurns('retry-429-then-ok');
    expect(turn?.events).toContainEqual(
      expect.objectContaining({
        type: 'retry',
        source: 'cli',
        status: 429,
        attempt: 1,
        maxAttempts: 3,
        supersededLength: 0,
      }),
    );
  });

  it('a stream that broke and was repeated: the retry event says how much text is void', () => {
    const [turn] = recordedTurns('midstream-reset-retry-ok');
    expect(turn?.events).toContainEqual(expect.objectContaining({ type: 'retry', supersededLength: 8 }));
    expect(turn?.text).toBe('hi there');
  });

  it('plan limits: the rate-limit event has its reset as a date', () => {
    const [turn] = recordedTurns('rate-limit-rejected-oauth');
    expect(turn?.events).toContainEqual({
      type: 'rate-limit',
      status: 'rejected',
      resetsAt: new Date(1795422855_000),
      limit: 'five_hour',
      utilization: null,
    });
  });
});

describe('a message that no recording has', () => {
  it.each([{ type: 'brand_new', whatever: 1 }, { type: 'system', subtype: 'brand_new' }, { type: 'system' }])(
    '%j is passed on as unknown',
    message => {
      expect(chunks(message)).toEqual([{ type: 'unknown', message }]);
    },
  );

  it.each([
    { type: 'stream_event' },
    { type: 'stream_event', event: { type: 'ping' } },
    { type: 'stream_event', event: { type: 'content_block_delta' } },
    { type: 'stream_event', event: { type: 'message_stop' } },
    { type: 'stream_event', event: { type: 'message_start' } },
    { type: 'keep_alive' },
    { type: 'control_response' },
  ])('%j with nothing in it is no event', message => {
    expect(chunks(message)).toEqual([]);
  });

  it.each([{ type: 'assistant' }, { type: 'user' }, { type: 'rate_limit_event' }])(
    '%j without its fields does not throw',
    message => {
      expect(chunks(message)).toHaveLength(1);
    },
  );

  it("a subagent's message names the tool call that started it, and its text is not the answer's", () => {
    const state = newTurnState();
    const content = [{ type: 'text', text: 'from below' }];
    const events = toChunks(
      { type: 'assistant', parent_tool_use_id: 'toolu_1', message: { id: 'm', model: 'x', content } },
      state,
    );
    expect(events).toEqual([
      { type: 'message', id: 'm', model: 'x', content, stopReason: null, parentToolCallId: 'toolu_1' },
    ]);
    expect(state.text).toBe('');
  });

  it('an answer that comes whole, not streamed, is text all the same', () => {
    const state = newTurnState();
    const content = [{ type: 'text', text: 'whole' }];
    const events = toChunks(
      { type: 'assistant', message: { id: 'm', model: 'x', content, stop_reason: 'end_turn' } },
      state,
    );
    expect(types(events)).toEqual(['text', 'message']);
    expect(state).toMatchObject({ text: 'whole', stopReason: 'end_turn' });
  });
});

function chunks(message: object): ChunkEvent[] {
  return toChunks(message as CliMessage, newTurnState());
}

function types(events: ChunkEvent[] = []): string[] {
  return events.map(({ type }) => type);
}

function message(events: ChunkEvent[] = []) {
  return events.find(event => event.type === 'message');
}

/** The text that a reader holds who follows every event. */
function added(events: ChunkEvent[]): string {
  let text = '';
  for (const event of events) {
    if (event.type === 'text') text += event.text;
    if (event.type === 'retry') text = text.slice(0, text.length - event.supersededLength);
  }
  return text;
}
