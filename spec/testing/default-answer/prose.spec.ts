import { expect, it } from 'vitest';
import { answerProse } from '../../../lib/testing/default-answer/prose.ts';

const answer = (prompt: string) => answerProse({ prompt });
const count = (text: string | undefined) => text?.split(/\s+/).length;

it.each([
  ['Write 500 words about the sea', 500],
  ['write a 500-word essay on bees.', 500],
  ['A story in 1,200 words', 1200],
  ['Describe it in 10 words.', 10],
  ['In 1 word', 1],
  ['Write 1000000 words', 10_000],
  ['Write an essay about trees', 150],
])('%s: %i words', (prompt, words) => {
  expect(count(answer(prompt))).toBe(words);
});

it('tells a story about its subject', () => {
  expect(answer('Tell me a short story about a robot who paints.')).toMatch(
    /^Once upon a time .*a robot who paints/,
  );
});

it('ends with a full stop wherever it is cut', () => {
  for (let length = 1; length < 120; length += 1) expect(answer(`${length} words`)).toMatch(/[\p{L}]\.$/u);
});

it('leaves other prompts to others', () => {
  expect(answer('Hello')).toBeUndefined();
  expect(answer('What is a password?')).toBeUndefined();
});
