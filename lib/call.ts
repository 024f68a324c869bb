import { type CallAbort, createCallAbort } from './abort.ts';
import { type CallReport, startReport } from './diagnostics.ts';
import type { ResolvedOptions } from './options.ts';

/** What a call carries from its first pull to its end: its options, what may end it early, and whom it tells. */
export interface Call extends CallAbort {
  readonly id: string;
  readonly options: ResolvedOptions;
  readonly tell: CallReport;
}

/** Whoever begins a call disposes of it. `left` aborts when the caller leaves. */
export function beginCall(options: ResolvedOptions, left?: AbortSignal): Call {
  const { signal, timeout, idleTimeout, timeoutFrom, limiter } = options;
  const { callId, tell } = startReport(limiter);
  const abort = createCallAbort({
    signals: [signal, left].filter(given => given !== undefined),
    idleTimeout,
    ...(timeout === undefined ? {} : { timeout }),
  });
  if (timeoutFrom === 'call') abort.startTimeout();
  return { ...abort, id: callId, options, tell };
}
