import type { ResolvedOptions, Thinking } from '../options.ts';

/**
 * What the CLI has no flag for, as fields of the Messages API request. The CLI merges them into every request it sends
 * (`CLAUDE_CODE_EXTRA_BODY`).
 */
export function toExtraBody(options: ResolvedOptions): Record<string, unknown> | undefined {
  const body = {
    temperature: options.temperature,
    top_p: options.topP,
    top_k: options.topK,
    stop_sequences: options.stopSequences,
    max_tokens: options.maxOutputTokens,
    thinking: toWire(options.thinking),
    output_config: options.outputSchema && { format: { type: 'json_schema', schema: options.outputSchema } },
  };
  const given = Object.entries(body).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

/** Switching it off is not here: with that field alone, the CLI would still send settings for thinking. */
function toWire(thinking: Thinking | undefined): Record<string, unknown> | undefined {
  if (thinking?.type === 'enabled') return { type: 'enabled', budget_tokens: thinking.budgetTokens };
  return thinking?.type === 'adaptive' ? { type: 'adaptive' } : undefined;
}
