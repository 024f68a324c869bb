import { expect, it } from 'vitest';
import { answerFacts } from '../../../lib/testing/default-answer/facts.ts';

const answer = (...userTexts: string[]) =>
  answerFacts({ userTexts, prompt: userTexts.at(-1) ?? '', system: '', media: [], toolResults: [] });

it.each([
  [['My name is Ada.', 'What is my name?'], 'Your name is Ada.'],
  [['Hi! My name is Zoë O’Brien, nice to meet you', "What's my name?"], 'Your name is Zoë O’Brien.'],
  [['my name is Ada and I like tea', 'Do you remember my name?'], 'Your name is Ada.'],
  [['My name is Ada.', 'Who am I?'], 'Your name is Ada.'],
  [['My name is Ada.', 'My name is Grace.', 'Tell me my name.'], 'Your name is Grace.'],
  [['My name is Ada. What is my name?'], 'Your name is Ada.'],
  [['My favourite colour is teal.', 'What is my favourite colour?'], 'Your favourite colour is teal.'],
  [['The secret word is xyzzy.', 'What is the secret word?'], 'The secret word is xyzzy.'],
  [['What is my name?'], 'You have not told me your name yet.'],
  [['What is the capital of France?'], undefined],
  [['My name is Ada.'], 'Nice to meet you, Ada.'],
  [['My dog is brown.'], 'Noted: your dog is brown.'],
  [['Hello'], undefined],
])('%j -> %s', (texts, expected) => {
  expect(answer(...texts)).toBe(expected);
});
