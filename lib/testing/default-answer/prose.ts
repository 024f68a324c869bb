import { words } from '../pieces.ts';
import type { Conversation } from './conversation.ts';

/** Essays, stories and anything with "500 words" in it. */
export function answerProse({ prompt }: Pick<Conversation, 'prompt'>): string | undefined {
  const asked = /\b(\d[\d,]*)[\s-]*words?\b/i.exec(prompt)?.[1];
  const isStory = /\b(?:story|tale)\b/i.test(prompt);
  if (asked === undefined && !isStory && !/\bessay\b/i.test(prompt)) return undefined;

  const length = Math.min(Number(asked?.replaceAll(',', '') ?? usualLength), maximumLength);
  return prose(isStory ? story : essay, subjectOf(prompt), Math.max(length, 1));
}

/** In words. */
const usualLength = 150;
const maximumLength = 10_000;

function subjectOf(prompt: string): string {
  const subject = /\b(?:about|on|of)\s+(.+?)(?=\s+in\s+\d|[,.;:?!\n]|$)/i.exec(prompt)?.[1];
  return subject?.slice(0, 60).trim() || 'the sea';
}

/** Exactly `length` words: the sentences over and over, the last one cut short. */
function prose(sentences: readonly string[], subject: string, length: number): string {
  const found: string[] = [];
  for (let part = 0; found.length < length; part += 1) {
    const sentence = sentences[part % sentences.length] ?? '';
    const end = part % sentences.length === sentences.length - 1 ? '\n\n' : ' ';
    found.push(...words(`${sentence.replaceAll('SUBJECT', subject)}${end}`));
  }
  return found.slice(0, length).join('').trimEnd().replace(/\W*$/, '.');
}

const essay = [
  'There is more to say about SUBJECT than fits on one page.',
  'Some people come to it early, others late, and hardly anyone leaves it as they came.',
  'The first thing to notice about SUBJECT is how quietly it changes everything around it.',
  'The second is how much depends on the person who looks.',
  'A careful observer asks where it began, whom it helps and what it costs.',
  'None of these questions has a short answer, and that is the best reason to keep asking them.',
  'In the end, SUBJECT is a mirror: we see in it what we bring along.',
];

const story = [
  'Once upon a time there was a small harbour town where everybody talked about SUBJECT.',
  'Nobody had asked Mira, the lamplighter, what she thought of it.',
  'So one windy evening she took her ladder, her lamp and a piece of bread, and went to see for herself.',
  'The road was long, the night was longer, and twice she nearly turned back.',
  'But at the first light of morning she stood before SUBJECT, and she laughed out loud.',
  'It was smaller than they had said, and much more beautiful.',
  'She left her lamp there, so that the next one would find the way, and walked home in the sun.',
];
