import { InvalidOptionError } from '../errors.ts';
import { BudgetExceededError } from './budget-exceeded-error.ts';
import { type BudgetWindow, windowAt } from './budget-window.ts';
import { openLedger, type Spend } from './ledger.ts';

/** Options of `createBudget()`: `usd`, `tokens`, or both. */
export interface BudgetOptions {
  /** US dollars per window, at list prices, as the CLI reports them. */
  usd?: number;
  /** Tokens per window: input, output, and those read from and written to the prompt cache. */
  tokens?: number;
  /** When the spending starts again at 0: each UTC day or month, or every so many milliseconds. Default: never. */
  window?: BudgetWindow;
  /** Where the spending is kept, for every process that names the same folder. Default: in memory. */
  directory?: string;
  /** Share of a limit at which `onThreshold` is called, 0 to 1. Default: 0.8. */
  threshold?: number;
  /** Called once per window and process. */
  onThreshold?: (status: BudgetStatus) => void;
}

/** Where a budget stands, in its current window. */
export interface BudgetStatus {
  spent: Spend;
  limit: Partial<Spend>;
  /** What may still be spent, 0 or more; Infinity where there is no limit. */
  left: Spend;
  /** When the spending starts again at 0; null without a window. */
  resetsAt: Date | null;
}

/** A limit that calls share; for `withBudget()`, `limitSpending()`, or by hand. */
export interface Budget {
  /** Where it stands now. */
  status(): BudgetStatus;
  /** @throws {BudgetExceededError} when nothing is left */
  check(): BudgetStatus;
  /** Counts what a call has cost. */
  record(spend: Spend): void;
}

/**
 * A limit for what calls may cost together, shared by as many callers and processes as you like. Known is what the CLI
 * has reported: a turn counts when it is over, so the calls that hold a slot when the limit is reached may together
 * exceed it by what they cost; a call that is left or killed reports nothing.
 *
 * ```ts
 * const budget = createBudget({ usd: 5, window: 'day', directory: '/var/lib/app/spend' });
 * const stream = withBudget(streamResponse, budget);
 * const handler = createHandler({ limiter: limitSpending(budget) });
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function createBudget(options: BudgetOptions): Budget {
  const { usd, tokens, window, directory, threshold = 0.8, onThreshold } = checked(options);
  const limit = { ...(usd !== undefined && { usd }), ...(tokens !== undefined && { tokens }) };
  const ledger = openLedger(directory);
  let warned: string | undefined;

  const statusIn = ({ name, resetsAt }: ReturnType<typeof windowAt>): BudgetStatus => {
    const spent = ledger.total(name);
    const left = (kind: keyof Spend) => Math.max(0, (limit[kind] ?? Number.POSITIVE_INFINITY) - spent[kind]);
    return {
      spent: { usd: spent.usd, tokens: spent.tokens },
      limit,
      left: { usd: left('usd'), tokens: left('tokens') },
      resetsAt,
    };
  };
  const status = () => statusIn(windowAt(window, new Date()));

  return {
    status,
    check() {
      const now = status();
      if (now.left.usd === 0 || now.left.tokens === 0) throw new BudgetExceededError(now);
      return now;
    },
    record(spend) {
      const now = windowAt(window, new Date());
      ledger.add(now.name, spend);
      if (!onThreshold || warned === now.name) return;
      const then = statusIn(now);
      if (share(then) < threshold) return;
      warned = now.name;
      onThreshold(then);
    },
  };
}

function share({ spent, limit }: BudgetStatus): number {
  const { usd = Number.POSITIVE_INFINITY, tokens = Number.POSITIVE_INFINITY } = limit;
  return Math.max(spent.usd / usd, spent.tokens / tokens);
}

function checked(options: BudgetOptions): BudgetOptions {
  const { usd, tokens, window, threshold } = options;
  if (usd === undefined && tokens === undefined)
    throw new InvalidOptionError('usd', usd, 'a limit, or tokens does');
  const positive = { usd, tokens, ...(typeof window === 'number' && { window }) };
  for (const [name, value] of Object.entries(positive)) {
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      throw new InvalidOptionError(name, value, 'a number above 0');
  }
  if (typeof window === 'string' && window !== 'day' && window !== 'month')
    throw new InvalidOptionError('window', window, 'day, month or a number of milliseconds');
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 1))
    throw new InvalidOptionError('threshold', threshold, 'a number from 0 to 1');
  return options;
}
