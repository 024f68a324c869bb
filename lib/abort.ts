import { defaultMaxListeners, getEventListeners, setMaxListeners } from 'node:events';
import { TimeoutError } from './errors.ts';

/** One AbortSignal for everything that may end a call early. `dispose()` leaves no timer and no listener behind. */
export interface CallAbort {
  readonly signal: AbortSignal;
  /** Starts the limit for the whole call. */
  startTimeout(): void;
  /** Waits for something of the CLI; only such waiting counts as its silence, not a reader who takes his time. */
  listen<T>(wait: Promise<T>): Promise<T>;
  dispose(): void;
}

export interface CallLimits {
  /** Any of them ends the call, with its own reason. */
  signals: readonly AbortSignal[];
  /** Milliseconds. */
  timeout?: number;
  /** Milliseconds. */
  idleTimeout?: number;
}

/** Folds signals, the timeout and the idle timeout into one signal whose reason says which it was. */
export function createCallAbort({
  signals,
  timeout,
  idleTimeout = Number.POSITIVE_INFINITY,
}: CallLimits): CallAbort {
  const controller = new AbortController();
  const follow = (event: Event) => controller.abort((event.target as AbortSignal).reason);
  let timer: NodeJS.Timeout | undefined;

  for (const signal of signals) {
    // One listener per running call is no leak: a signal may be shared by as many as there are (undici does the same).
    if (getEventListeners(signal, 'abort').length >= defaultMaxListeners) {
      setMaxListeners(Number.POSITIVE_INFINITY, signal);
    }
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener('abort', follow, { once: true });
  }

  return {
    signal: controller.signal,
    startTimeout() {
      if (timeout === undefined || timer) return;
      timer = setTimeout(() => controller.abort(new TimeoutError('timeout', timeout)), timeout);
    },
    async listen(wait) {
      if (idleTimeout === Number.POSITIVE_INFINITY) return await wait;
      const tooSilent = () => controller.abort(new TimeoutError('idleTimeout', idleTimeout));
      const silence = setTimeout(tooSilent, idleTimeout);
      try {
        return await wait;
      } finally {
        clearTimeout(silence);
      }
    },
    dispose() {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', follow);
    },
  };
}
