import type { ChunkEvent, Summary } from '../chunks.ts';
import { leavable } from '../leavable.ts';
import { defaultLimiter, type Limiter } from '../limiter.ts';
import type { StreamOptions } from '../options.ts';
import type { Budget } from './budget.ts';
import type { Spend } from './ledger.ts';
import type { StreamFunction } from './with-cache.ts';

/**
 * `streamResponse()` within a budget: refused before a process starts when the budget is spent (also when that happens
 * while the call waits for its slot), and bounded with `maxBudgetUsd` to what is left when it is called. The bound is
 * the process's own, so a call that can use a worker of a pool goes without: it makes one request. What a turn cost is
 * recorded before its `end` event is handed on; a turn from a cache costs nothing.
 *
 * @throws {BudgetExceededError} at once, or while iterating for a call that had to wait.
 */
export function withBudget(stream: StreamFunction, budget: Budget): StreamFunction {
  return (prompt, options = {}) => {
    const { left } = budget.check();
    const answer = stream(prompt, {
      ...options,
      ...(!isPooled(options) && bound(options.maxBudgetUsd, left.usd)),
      limiter: checkedLimiter(options.limiter ?? defaultLimiter, budget),
    });
    return leavable(recorded(answer, budget), () => void answer.return(undefined as never));
  };
}

function isPooled({ pool, tools = [], mcpServers = {}, maxBudgetUsd }: StreamOptions): boolean {
  const acts = tools.length > 0 || Object.keys(mcpServers).length > 0;
  return pool !== undefined && !acts && maxBudgetUsd === undefined;
}

function bound(asked = Number.POSITIVE_INFINITY, left: number): Pick<StreamOptions, 'maxBudgetUsd'> {
  const maxBudgetUsd = Math.min(asked, left);
  return maxBudgetUsd === Number.POSITIVE_INFINITY ? {} : { maxBudgetUsd };
}

/** The same limiter; whoever gets a slot of it shows that the budget still has something. */
function checkedLimiter(limiter: Limiter, budget: Budget): Limiter {
  const acquire: Limiter['acquire'] = async options => {
    const lease = await limiter.acquire(options);
    try {
      budget.check();
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  };
  return Object.create(limiter, { acquire: { value: acquire, enumerable: true } });
}

async function* recorded(
  answer: AsyncGenerator<ChunkEvent, Summary, undefined>,
  budget: Budget,
): AsyncGenerator<ChunkEvent, Summary, undefined> {
  try {
    for (;;) {
      const { value: event, done } = await answer.next();
      if (done) return event;
      if (event.type === 'end' && !event.cached) budget.record(spendOf(event));
      yield event;
    }
  } finally {
    await answer.return(undefined as never);
  }
}

/** What a turn cost. */
export function spendOf({ usage, costUsd }: Summary): Spend {
  const tokens = Object.values(usage).reduce(
    (sum, model) =>
      sum +
      model.inputTokens +
      model.outputTokens +
      model.cacheReadInputTokens +
      model.cacheCreationInputTokens,
    0,
  );
  return { usd: costUsd, tokens };
}
