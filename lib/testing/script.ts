import type { Answer, AnswerRule, SettledAnswer } from './answer.ts';
import type { OfflineRequest } from './request.ts';

/** Which answer is whose: the queue first, then the rules (latest first), then the fallbacks in order. */
export interface Script {
  reply(...answers: Answer[]): void;
  when(rule: AnswerRule): () => void;
  reset(): void;
  answer(request: OfflineRequest): Promise<SettledAnswer>;
}

export function createScript(...fallbacks: readonly Answer[]): Script {
  const queue: Answer[] = [];
  let rules: readonly AnswerRule[] = [];

  return {
    reply: (...answers) => {
      queue.push(...answers);
    },
    when: rule => {
      // Each call its own entry, so that removing one leaves another with the same rule in place.
      const entry: AnswerRule = request => rule(request);
      rules = [entry, ...rules];
      return () => {
        rules = rules.filter(other => other !== entry);
      };
    },
    reset: () => {
      queue.length = 0;
      rules = [];
    },
    answer: async request => {
      for (const candidate of [...queue.splice(0, 1), ...rules, ...fallbacks]) {
        const settled = await settle(candidate, request);
        if (settled !== undefined) return settled;
      }
      return { error: { status: 500, message: 'The offline API has no answer to this request' } };
    },
  };
}

async function settle(answer: Answer, request: OfflineRequest): Promise<SettledAnswer | undefined> {
  let current: Answer | undefined = answer;
  while (typeof current === 'function') current = await current(request);
  return current;
}
