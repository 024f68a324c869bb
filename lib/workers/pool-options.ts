import { availableParallelism } from 'node:os';
import { InvalidOptionError } from '../errors.ts';

/** Options of `createPool()`. */
export interface PoolOptions {
  /** Workers kept started per kind of call in use. Default: 1. */
  warm?: number;
  /** Processes, at most; further calls wait. Default: twice the processor cores, and at least 4. */
  max?: number;
  /** Milliseconds after which an idle worker is ended. Default: 300,000 (5 minutes). */
  idleTtl?: number;
  /** Turns after which a worker is replaced: its memory use grows. Default: 500. */
  maxTurns?: number;
  /** Bytes of resident memory after which a worker is replaced; measured on Linux only. Default: 629,145,600 (600 MiB). */
  maxRss?: number;
  /** Part of every worker's key: calls of different tenants never share a worker. Default: none. */
  tenant?: string;
}

/** @throws {InvalidOptionError} */
export function resolvePoolOptions(options: PoolOptions): Required<PoolOptions> {
  const resolved = {
    warm: options.warm ?? 1,
    max: options.max ?? Math.max(4, 2 * availableParallelism()),
    idleTtl: options.idleTtl ?? 300_000,
    maxTurns: options.maxTurns ?? 500,
    maxRss: options.maxRss ?? 600 * 1024 * 1024,
    tenant: options.tenant ?? '',
  };
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(resolved, name)) {
      throw new InvalidOptionError(
        name,
        options[name as keyof PoolOptions],
        `no such option. The options are ${Object.keys(resolved).join(', ')}`,
      );
    }
  }
  const least = { warm: 0, max: 1, idleTtl: 1, maxTurns: 1, maxRss: 1 };
  for (const [name, from] of Object.entries(least)) {
    const value = resolved[name as keyof typeof least];
    if (!Number.isSafeInteger(value) || value < from)
      throw new InvalidOptionError(name, value, `a whole number from ${from}`);
  }
  if (resolved.warm > resolved.max)
    throw new InvalidOptionError('warm', resolved.warm, `at most max (${resolved.max})`);
  if (typeof resolved.tenant !== 'string')
    throw new InvalidOptionError('tenant', resolved.tenant, 'a string');
  return resolved;
}
