import { InvalidOptionError } from '../errors.ts';
import type { AnswerOptions } from '../workers/answer.ts';

/** Options of `createHandler()` and `createFetch()`: how the CLI is run. What is asked of it is in each request. */
export interface HandlerOptions extends Omit<AnswerOptions, 'betas' | 'signal'> {
  /** Bytes of a request's body, at most; a longer one is answered with 413. Default: 33,554,432 (32 MiB), as the API. */
  maxBodyLength?: number;
}

export type ResolvedHandlerOptions = HandlerOptions &
  Required<Pick<HandlerOptions, 'transport' | 'maxBodyLength'>>;

/** @throws {InvalidOptionError} */
export function resolveHandlerOptions(options: HandlerOptions): ResolvedHandlerOptions {
  const { transport = 'replay', maxBodyLength = 32 * 1024 * 1024, ...others } = options;
  if (transport !== 'replay' && transport !== 'exact') {
    throw new InvalidOptionError('transport', transport, '"replay" or "exact"');
  }
  if (!Number.isSafeInteger(maxBodyLength) || maxBodyLength < 1) {
    throw new InvalidOptionError('maxBodyLength', maxBodyLength, 'a whole number of bytes from 1');
  }
  return { ...others, transport, maxBodyLength };
}
