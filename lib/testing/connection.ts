import type { ServerResponse } from 'node:http';

/** How one response ends, seen from the side that writes it. */
export interface Connection {
  readonly response: ServerResponse;
  /** Aborts when the client leaves before the answer is over. */
  readonly signal: AbortSignal;
  readonly closed: Promise<'finished' | 'aborted'>;
  /** On the clock of `performance.now()`; undefined unless aborted. */
  readonly abortedAt: number | undefined;
  /** The answer ends here on purpose, though the response looks unfinished. */
  finish(): void;
}

export function watchConnection(response: ServerResponse): Connection {
  const controller = new AbortController();
  let finished = false;
  let abortedAt: number | undefined;

  const closed = new Promise<'finished' | 'aborted'>(resolve => {
    response.once('close', () => {
      if (finished || response.writableFinished) return resolve('finished');
      abortedAt = performance.now();
      controller.abort();
      resolve('aborted');
    });
  });

  return {
    response,
    signal: controller.signal,
    closed,
    get abortedAt() {
      return abortedAt;
    },
    finish: () => {
      finished = true;
    },
  };
}
