import type { ResolvedOptions } from '../options.ts';

/** The first control request of a worker, when it has something to say: the system prompt goes over stdin only. */
export function toInitialize(options: ResolvedOptions): Record<string, unknown> | undefined {
  const { systemPrompt, appendSystemPrompt } = options;
  const append = typeof systemPrompt === 'object' ? systemPrompt.append : appendSystemPrompt;
  if (typeof systemPrompt !== 'string' && append === undefined) return undefined;
  return {
    subtype: 'initialize',
    ...(typeof systemPrompt === 'string' ? { systemPrompt: systemPrompt === '' ? [] : [systemPrompt] } : {}),
    ...(append === undefined ? {} : { appendSystemPrompt: append }),
  };
}
