import { stripVTControlCharacters } from 'node:util';
import picocolors from 'picocolors';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChunkEvent, RateLimitEvent } from '../../lib/index.ts';
import { AnswerView } from '../../lib/terminal/answer-view.ts';

// No drawing but the last one, whatever the machine is busy with.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is on the terminal after some events and the end. */
function shown(events: ChunkEvent[], note?: string): string {
  let written = '';
  const output = { columns: 60, rows: 20, write: (text: string) => (written += text) };
  const colors = picocolors.createColors(false);
  const view = new AnswerView(output, { colors, thinking: false, keys: false });
  written = '';
  for (const event of events) view.show(event);
  view.close(note);
  return stripVTControlCharacters(written).trim();
}

const limit = {
  type: 'rate-limit',
  status: 'allowed_warning',
  resetsAt: null,
  limit: 'five_hour',
  utilization: 0.83,
} satisfies RateLimitEvent;

it('tells a limit that is near or reached, and is silent about one that is not', () => {
  expect(shown([limit])).toBe('five-hour limit: 83 % used');
  expect(shown([{ ...limit, status: 'rejected', resetsAt: new Date(2026, 10, 24, 17, 5) }])).toMatch(
    /^five-hour limit: reached, resets .*05/,
  );
  expect(shown([{ ...limit, limit: null, utilization: null }])).toBe('usage limit: allowed warning');
  expect(shown([{ ...limit, status: 'allowed' }])).toBe('');
});

it('tells a tool that is called, between the paragraphs around it', () => {
  const call = { type: 'tool-call', id: 'id', name: 'Read', input: {}, parentToolCallId: null } as const;
  expect(shown([{ type: 'text', text: 'Before.' }, call, { type: 'text', text: 'After.' }])).toBe(
    'Before.\n\ncalls Read\n\nAfter.',
  );
});

it('takes back what a repeated request writes anew', () => {
  const retry = {
    type: 'retry',
    source: 'retry-option',
    attempt: 1,
    maxAttempts: 3,
    delay: 500,
    status: 529,
    error: 'OVERLOADED',
    supersededLength: 8,
  } as const;
  expect(shown([{ type: 'text', text: 'Half an ' }, retry, { type: 'text', text: 'Whole.' }])).toBe(
    'the API answered 529: attempt 2 of 3 in 0.5 s; the answer\nbegins anew\n\nWhole.',
  );
});

it('says why an answer is not whole only where there is one', () => {
  expect(shown([{ type: 'text', text: 'One two' }], 'stopped')).toBe('One two\n\nstopped');
  expect(shown([], 'stopped')).toBe('');
});
