import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import { InvalidOptionError, LimiterFullError } from './errors.ts';

/** Options of `createLimiter()`. */
export interface LimiterOptions {
  /** Calls that run at the same time. Default: twice the processor cores, and at least 4. */
  concurrency?: number;
  /** Calls that start per `interval`. Default: no limit. */
  intervalCap?: number;
  /** Length of the interval in milliseconds. Default: 60,000 when `intervalCap` is given. */
  interval?: number;
  /** Calls that may wait for a slot; the next one is refused with a `LimiterFullError`. Default: no limit. */
  maxWaiting?: number;
}

/** Options of `acquire()`. */
export interface AcquireOptions {
  /** Aborting leaves the waiting line at once; the signal's reason is thrown. */
  signal?: AbortSignal;
  /** Higher numbers first; equal ones in order of arrival. Default: 0. */
  priority?: number;
}

/** A leased slot. */
export interface Lease {
  /** Gives the slot back. Further calls do nothing. */
  release(): void;
}

/** A p-queue that leases slots: a slot is held until it is released, whatever runs in it. */
export interface Limiter {
  /** Settable at any time; raising it starts waiting calls at once. */
  concurrency: number;
  /** Calls waiting for a slot. */
  readonly size: number;
  /** Calls holding a slot. */
  readonly pending: number;
  /** Resolves when no call waits and none holds a slot. */
  onIdle(): Promise<void>;
  /** @throws {LimiterFullError} when `maxWaiting` calls wait already. */
  acquire(options?: AcquireOptions): Promise<Lease>;
}

/** A limiter of one's own, for calls that should not share slots with the rest of the process. */
export function createLimiter(options: LimiterOptions = {}): Limiter {
  const { concurrency = Math.max(4, 2 * availableParallelism()), maxWaiting = Number.POSITIVE_INFINITY } =
    options;
  checkCount('concurrency', concurrency);
  checkCount('maxWaiting', maxWaiting, 0);
  if (options.intervalCap !== undefined) checkCount('intervalCap', options.intervalCap);
  if (options.interval !== undefined) {
    checkCount('interval', options.interval);
    if (options.intervalCap === undefined) {
      throw new InvalidOptionError('interval', options.interval, 'no value without intervalCap');
    }
  }
  const { intervalCap, interval = 60_000 } = options;
  const queue = new PQueue({
    concurrency,
    ...(intervalCap === undefined ? {} : { intervalCap, interval, strict: true }),
  });

  return {
    get concurrency() {
      return queue.concurrency;
    },
    set concurrency(value) {
      checkCount('concurrency', value);
      queue.concurrency = value;
    },
    get size() {
      return queue.size;
    },
    get pending() {
      return queue.pending;
    },
    onIdle: () => queue.onIdle(),
    async acquire({ signal, priority = 0 } = {}) {
      signal?.throwIfAborted();
      const mustWait = queue.pending >= queue.concurrency || queue.size > 0 || queue.isRateLimited;
      if (mustWait && queue.size >= maxWaiting) throw new LimiterFullError(maxWaiting);
      // p-queue frees a slot as soon as its signal aborts; ours stays taken until release(), so its signal ends with the wait.
      const wait = new AbortController();
      const leave = () => wait.abort(signal?.reason);
      signal?.addEventListener('abort', leave, { once: true });
      try {
        return await new Promise<Lease>((resolve, reject) => {
          const hold = () =>
            new Promise<void>(release => {
              signal?.removeEventListener('abort', leave);
              resolve({ release });
            });
          queue.add(hold, { priority, signal: wait.signal }).catch(reject);
        });
      } finally {
        signal?.removeEventListener('abort', leave);
      }
    },
  };
}

/** The limiter that every call without one of its own shares. Set its `concurrency` to change the process-wide limit. */
export const defaultLimiter: Limiter = createLimiter();

function checkCount(option: string, value: number, from = 1): void {
  const whole = Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY;
  if (!whole || value < from)
    throw new InvalidOptionError(option, value, `a whole number from ${from}, or Infinity`);
}
