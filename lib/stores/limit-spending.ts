import { listen } from '../diagnostics.ts';
import { defaultLimiter, type Limiter } from '../limiter.ts';
import { countTokens } from '../token-counts.ts';
import type { Budget } from './budget.ts';

/**
 * A limiter within a budget, for whatever takes a limiter: `streamResponse()`, `createHandler()`, `serve()`, `batch()`.
 * A call that comes when the budget is spent is refused with a `BudgetExceededError`, also when that happens while it
 * waits for its slot; a handler answers it with 429 and `retry-after`. Charged is every turn of a call that had its slot
 * here, as the CLI reports it. The slots are those of `limiter`, which others may share without the budget.
 *
 * ```ts
 * const budget = createBudget({ usd: 5, window: 'day', directory: 'spend' });
 * const handler = createHandler({ limiter: limitSpending(budget) });
 * ```
 */
export function limitSpending(budget: Budget, limiter: Limiter = defaultLimiter): Limiter {
  const acquire: Limiter['acquire'] = async options => {
    budget.check();
    const lease = await limiter.acquire(options);
    try {
      budget.check();
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  };
  const limited: Limiter = Object.create(limiter, { acquire: { value: acquire, enumerable: true } });
  charged.set(limited, new Set([budget, ...(charged.get(limiter) ?? [])]));
  chargeBudgets();
  return limited;
}

/** Who pays for the calls of a limiter. */
const charged = new WeakMap<Limiter, ReadonlySet<Budget>>();
let charging = false;

/** One listener for all budgets of the process. It stays: a limiter has no end. */
function chargeBudgets(): void {
  if (charging) return;
  charging = true;
  listen({
    usage({ limiter, usage, costUsd }) {
      const budgets = charged.get(limiter);
      if (!budgets) return;
      const { input, output, cacheRead, cacheCreation } = countTokens([usage]);
      const spend = { usd: costUsd, tokens: input + output + cacheRead + cacheCreation };
      for (const budget of budgets) budget.record(spend);
    },
  });
}
