import type { StreamOptions } from '../options.ts';
import { isShareable } from '../stream-response.ts';
import type { Budget } from './budget.ts';
import { limitSpending } from './limit-spending.ts';
import type { StreamFunction } from './with-cache.ts';

/**
 * `streamResponse()` within a budget: refused before a process starts when the budget is spent (also when that happens
 * while the call waits for its slot), charged with what the CLI reports, and bounded with `maxBudgetUsd` to what is left
 * when it is called. The bound is the process's own, so a call that can use a worker of a pool goes without: it makes
 * one request. A turn from a cache costs nothing.
 *
 * @throws {BudgetExceededError} at once, or while iterating for a call that had to wait.
 */
export function withBudget(stream: StreamFunction, budget: Budget): StreamFunction {
  return (prompt, options = {}) => {
    const { left } = budget.check();
    return stream(prompt, {
      ...options,
      ...(!(options.pool && isShareable(options)) && bound(options.maxBudgetUsd, left.usd)),
      limiter: limitSpending(budget, options.limiter),
    });
  };
}

function bound(asked = Number.POSITIVE_INFINITY, left: number): Pick<StreamOptions, 'maxBudgetUsd'> {
  const maxBudgetUsd = Math.min(asked, left);
  return maxBudgetUsd === Number.POSITIVE_INFINITY ? {} : { maxBudgetUsd };
}
