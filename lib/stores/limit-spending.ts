import { randomUUID } from 'node:crypto';
import { listen } from '../diagnostics.ts';
import type { Handler } from '../messages/handler.ts';
import type { Budget } from './budget.ts';
import { BudgetExceededError } from './budget-exceeded-error.ts';
import { spendOf } from './with-budget.ts';

/** A handler within a budget. */
export interface LimitedHandler extends Handler {
  /** Stops recording. */
  close(): void;
}

/**
 * A Messages API handler within a budget: when it is spent, `POST /v1/messages` is answered with 429 and `retry-after`,
 * and no process starts. Recorded is what the CLI reports for every call in this process, whoever makes it: do not give
 * the same budget to `withBudget()` as well.
 *
 * ```ts
 * const handler = limitSpending(createHandler(), createBudget({ usd: 5, window: 'day', directory: 'spend' }));
 * ```
 */
export function limitSpending(handler: Handler, budget: Budget): LimitedHandler {
  const close = listen({ end: ({ summary }) => budget.record(spendOf(summary)) });
  const handle: Handler = async request => {
    try {
      if (request.method === 'POST' && new URL(request.url).pathname === '/v1/messages') budget.check();
    } catch (error) {
      if (error instanceof BudgetExceededError) return refusal(error);
      throw error;
    }
    return handler(request);
  };
  return Object.assign(handle, { close });
}

/** `x-should-retry` keeps the official SDK from trying again at once. */
function refusal({ message, resetsAt }: BudgetExceededError): Response {
  const id = `req_cli_${randomUUID().replaceAll('-', '')}`;
  const seconds = resetsAt && Math.max(1, Math.ceil((resetsAt.getTime() - Date.now()) / 1000));
  return Response.json(
    { type: 'error', error: { type: 'rate_limit_error', message }, request_id: id },
    {
      status: 429,
      headers: {
        'request-id': id,
        'x-should-retry': 'false',
        ...(seconds && { 'retry-after': String(seconds) }),
      },
    },
  );
}
