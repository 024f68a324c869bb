/**
 * Makes `return()` and `throw()` of an async generator take effect at once. By themselves they wait behind a pending
 * `next()`, which may wait for a silent process; so `leave` is called first and ends that wait.
 */
export function leavable<T, R>(
  generator: AsyncGenerator<T, R, undefined>,
  leave: () => void,
): AsyncGenerator<T, R, undefined> {
  const inner = { return: generator.return.bind(generator), throw: generator.throw.bind(generator) };
  return Object.assign(generator, {
    return(value: R) {
      leave();
      return inner.return(value);
    },
    throw(error: unknown) {
      leave();
      return inner.throw(error);
    },
    // Node 20 has the symbol, but not yet the method.
    async [Symbol.asyncDispose]() {
      leave();
      await inner.return(undefined as R);
    },
  });
}
