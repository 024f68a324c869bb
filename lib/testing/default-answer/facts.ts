import type { Conversation } from './conversation.ts';

/** "My name is Ada." is remembered from any user message, and "What's my name?" answered from it. */
export function answerFacts({ userTexts, prompt }: Conversation): string | undefined {
  const asked = questionIn(prompt);
  if (asked) {
    const value = factsIn(userTexts).get(asked.subject);
    if (value !== undefined) return `${asked.mine ? 'Your' : 'The'} ${asked.subject} is ${value}.`;
    return asked.mine ? `You have not told me your ${asked.subject} yet.` : undefined;
  }

  const told =
    /^my\b/i.test(prompt) && prompt.length < longestStatement ? [...factsIn([prompt])][0] : undefined;
  if (!told) return undefined;
  const [subject, value] = told;
  return subject === 'name' ? `Nice to meet you, ${value}.` : `Noted: your ${subject} is ${value}.`;
}

/** A longer prompt that begins with "My ..." is about something else. */
const longestStatement = 200;

/** What the user said of "my ..." or "the ...": the newest wins. */
function factsIn(texts: readonly string[]): Map<string, string> {
  const statement =
    /\b(?:my|the) ([\p{L}\p{N}' -]{1,40}?) is ([^.,;:!?\n]+?)(?=[.,;:!?\n]|\s+and\s+(?:i|my)\b|$)/giu;
  const facts = new Map<string, string>();
  for (const text of texts)
    for (const [, subject = '', value = ''] of text.matchAll(statement))
      facts.set(subject.toLowerCase(), value.trim());
  return facts;
}

function questionIn(prompt: string): { subject: string; mine: boolean } | undefined {
  if (/\bwho am i\b/i.test(prompt)) return { subject: 'name', mine: true };
  const question =
    /\b(?:what(?:['’]s| is| was)?|tell me|remind me of|remember|know) (my|the) ([\p{L}\p{N}' -]{1,40}?)(?: is| was)?\s*(?:[?.!,]|$)/iu;
  const [, whose, subject] = question.exec(prompt) ?? [];
  return subject === undefined
    ? undefined
    : { subject: subject.toLowerCase(), mine: whose?.toLowerCase() === 'my' };
}
