import { ClaudeCliError } from '../errors.ts';
import type { BudgetStatus } from './budget.ts';

/** The budget is spent: nothing was started. */
export class BudgetExceededError extends ClaudeCliError {
  readonly status: BudgetStatus;
  /** When there is money again; null for a budget without a window. */
  readonly resetsAt: Date | null;

  constructor(status: BudgetStatus) {
    const { spent, limit, resetsAt } = status;
    const usd = limit.usd === undefined ? [] : [`${spent.usd.toFixed(4)} of ${limit.usd} US dollars`];
    const tokens = limit.tokens === undefined ? [] : [`${spent.tokens} of ${limit.tokens} tokens`];
    const until = resetsAt ? ` It resets at ${resetsAt.toISOString()}.` : '';
    super('BUDGET_EXCEEDED', `The budget is spent: ${[...usd, ...tokens].join(', ')}.${until}`);
    this.status = status;
    this.resetsAt = resetsAt;
  }
}
