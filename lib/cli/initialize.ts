import type { ResolvedOptions } from '../options.ts';

export interface Initialize {
  subtype: 'initialize';
  [field: string]: unknown;
}

/** The first control request of a worker, when it has something to say: the system prompt goes over stdin only. */
export function toInitialize({
  systemPrompt,
  appendSystemPrompt,
}: Pick<ResolvedOptions, 'systemPrompt' | 'appendSystemPrompt'>): Initialize | undefined {
  const text = typeof systemPrompt === 'string' && systemPrompt !== '' ? systemPrompt : undefined;
  const append = typeof systemPrompt === 'object' ? systemPrompt.append : appendSystemPrompt;
  if (text === undefined && append === undefined) return undefined;
  return {
    subtype: 'initialize',
    ...(text === undefined ? {} : { systemPrompt: [text] }),
    ...(append === undefined ? {} : { appendSystemPrompt: append }),
  };
}
