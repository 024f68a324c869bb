/** Somebody outside ended the command: a signal, or the reader of its output. Not an error, and told without words. */
export class Interruption extends Error {
  /** 128 + the signal's number, as shells report it. */
  readonly exitCode: number;

  constructor(name: keyof typeof numbers) {
    super(`ended by ${name}`);
    this.exitCode = 128 + numbers[name];
  }
}

const numbers = { SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 };

/**
 * Ctrl-C and SIGTERM as an AbortSignal whose reason is an `Interruption`: the first one asks for an orderly end, the
 * second one ends the program at once. With an `output`, its reader's leaving aborts too, with the write's error.
 */
export function watchInterruption(output?: NodeJS.WriteStream): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals) => {
    const interruption = new Interruption(name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    if (controller.signal.aborted) process.exit(interruption.exitCode);
    controller.abort(interruption);
  };
  const fail = (error: Error) => controller.abort(error);
  for (const name of watched) process.on(name, interrupt);
  output?.on('error', fail);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of watched) process.off(name, interrupt);
      output?.off('error', fail);
    },
  };
}

const watched = ['SIGINT', 'SIGTERM'] as const;
