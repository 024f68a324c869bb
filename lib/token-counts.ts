import type { ModelUsage } from './chunks.ts';

/** Tokens of one or several turns, by kind. */
export interface TokenCounts {
  /** Without those of the prompt cache. */
  input: number;
  output: number;
  cacheRead: number;
  cacheCreation: number;
}

/** Tokens of all models in all of the turns. */
export function countTokens(turns: Iterable<Record<string, ModelUsage>>): TokenCounts {
  const sum = { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 };
  for (const usage of turns) {
    for (const model of Object.values(usage)) {
      sum.input += model.inputTokens;
      sum.output += model.outputTokens;
      sum.cacheRead += model.cacheReadInputTokens;
      sum.cacheCreation += model.cacheCreationInputTokens;
    }
  }
  return sum;
}
