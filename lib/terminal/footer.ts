import type { EndEvent } from '../chunks.ts';

/** Model, tokens, cost and time of a turn in one line, as far as there is something to tell. */
export function footer({ usage, costUsd, durationMs, stopReason }: EndEvent): string {
  const used = Object.values(usage);
  const total = (count: (model: (typeof used)[number]) => number) =>
    used.reduce((sum, model) => sum + count(model), 0);
  const input = total(
    model => model.inputTokens + model.cacheReadInputTokens + model.cacheCreationInputTokens,
  );
  return [
    Object.keys(usage).join(', '),
    `${shorten(input)} in, ${shorten(total(model => model.outputTokens))} out`,
    costUsd > 0 ? dollars(costUsd) : '',
    seconds(durationMs),
    stopReason === 'end_turn' ? '' : stopReason,
  ]
    .filter(part => part !== '')
    .join(' · ');
}

/** `0.4 s`, `12 s`, `3 min 20 s`. */
export function seconds(milliseconds: number): string {
  const whole = Math.round(milliseconds / 1000);
  if (milliseconds < 9_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function shorten(tokens: number): string {
  return tokens < 10_000 ? String(tokens) : `${(tokens / 1000).toFixed(1)}k`;
}

/** `$0.0032`, `$1.20`. */
export function dollars(amount: number): string {
  if (amount > 0 && amount < 0.0001) return 'less than $0.0001';
  return amount < 0.01 ? `$${amount.toFixed(4)}` : `$${amount.toFixed(2)}`;
}
