/**
 * What a caller's iterable yields, until the signal aborts: then its reason is thrown at once. A source that never comes
 * back (a keyboard, say) does not hold the call.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  // The abort may come while nobody waits.
  aborted.catch(() => {});
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let finished = false;
  try {
    for (;;) {
      const result = await Promise.race([iterator.next(), aborted]);
      finished = result.done === true;
      if (result.done) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // Not awaited: `return()` of an async generator waits behind its pending `next()`.
    if (!finished) iterator.return?.().catch(() => {});
  }
}
