import { AsyncLocalStorage } from 'node:async_hooks';
import { type Diagnostics, listen } from '../diagnostics.ts';
import type { Exchange } from './exchange.ts';
import type { Trace } from './trace.ts';

/** Whose handler is running: what the core tells of its calls meanwhile is about this exchange. */
export const current = new AsyncLocalStorage<Exchange>();

/** What the core tells of the exchanges' calls. */
export interface FollowedCalls {
  /** Runs `then` when all is told: the CLI computes the cost of an answer only after its end. */
  whenTold(exchange: Exchange, then: () => void): void;
  /** Whatever is not told by now stays untold. */
  close(): void;
}

/** Notes worker, waiting time and cost of each exchange as the core tells them; `trace` hears what the CLI says. */
export function followCalls(trace: Trace | undefined): FollowedCalls {
  const waiting = new Map<Exchange, () => void>();
  const note = (facts: Partial<Exchange>) => {
    const exchange = current.getStore();
    if (exchange) Object.assign(exchange, facts);
    return exchange;
  };
  const told = (exchange: Exchange | undefined) => exchange && waiting.get(exchange)?.();
  const stop = listen({
    slot: ({ waitMs }) => note({ waitMs }),
    worker: ({ origin }) => note({ workerOrigin: origin }),
    end: ({ summary }) => told(note({ costUsd: summary.costUsd })),
    error: () => told(current.getStore()),
    ...(trace && {
      message({ from, message }: Diagnostics['message']) {
        const exchange = current.getStore();
        if (exchange) trace(exchange, from === 'cli' ? 'fromCli' : 'toCli', message);
      },
    }),
  });

  return {
    whenTold(exchange, then) {
      const { workerOrigin, costUsd, outcome } = exchange;
      if (workerOrigin === undefined || costUsd !== undefined || outcome !== 'complete') return then();
      const timer = setTimeout(() => waiting.get(exchange)?.(), patience);
      waiting.set(exchange, () => {
        clearTimeout(timer);
        waiting.delete(exchange);
        then();
      });
    },
    close() {
      stop();
      for (const finish of waiting.values()) finish();
    },
  };
}

/** Milliseconds. The cost comes some ten after the answer, or never when its worker dies. */
const patience = 2_000;
