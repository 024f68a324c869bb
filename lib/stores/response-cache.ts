import { Keyv } from 'keyv';
import { type CacheOutcome, report } from '../diagnostics.ts';
import { InvalidOptionError } from '../errors.ts';
import { createFileStore } from './file-store.ts';

/** A Keyv, one of its storage adapters, a Map, or any other that has these. */
export interface Store {
  /** The value or a promise of it; undefined where there is none. */
  get(key: string): unknown;
  /** `ttl` is milliseconds. */
  set(key: string, value: string, ttl?: number): unknown;
  /** Removes one entry. */
  delete(key: string): unknown;
  /** Removes all entries. */
  clear(): unknown;
}

/** Options of `withCache()`. */
export interface CacheOptions {
  /** Default: `createFileStore()`, which all processes of this user share. */
  store?: Store;
  /** Milliseconds for which an answer is kept. Default: 86,400,000 (a day). */
  ttl?: number;
  /** Whose answers these are: nobody sees those of another tenant. Default: one tenant for all. */
  tenant?: string;
  /** Let calls that are the same and come at the same time share one run. Default: false. */
  singleFlight?: boolean;
  /** Characters of one stored answer, at most; a longer one is not stored. Default: 4,194,304. */
  maxAnswerLength?: number;
}

/** What both kinds of cached function keep: strings, under keys that say nothing. */
export interface ResponseCache {
  readonly maxAnswerLength: number;
  /** The value, if there is one that `read` accepts. A store that fails, or does not answer in a second, has nothing. */
  get<Value>(key: string, read: (text: string) => Value | undefined): Promise<Value | undefined>;
  /** Never rejects: an answer that cannot be stored is still an answer. */
  set(key: string, value: string): Promise<void>;
}

/** @throws {InvalidOptionError} */
export function openCache(options: CacheOptions): ResponseCache {
  const { ttl = 24 * 60 * 60 * 1000, maxAnswerLength = 4 * 1024 * 1024 } = options;
  if (!(ttl > 0)) throw new InvalidOptionError('ttl', ttl, 'a number of milliseconds above 0');
  const store = options.store ?? createFileStore();
  const keyv = store instanceof Keyv ? store : new Keyv({ store });
  // Keyv throws what nobody listens to.
  keyv.on('error', () => {});

  /** Set while the store has not answered for too long: nobody else waits for it meanwhile. */
  let stuck = false;
  const patiently = async <Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> => {
    if (stuck) return undefined;
    let late: NodeJS.Timeout | undefined;
    const tooLong = new Promise<undefined>(resolve => {
      late = setTimeout(() => {
        stuck = true;
        resolve(undefined);
      }, patience);
    });
    const answer = ask()
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(late);
        stuck = false;
      });
    return Promise.race([answer, tooLong]);
  };

  return {
    maxAnswerLength,
    async get(key, read) {
      const text: unknown = await patiently(() => keyv.get(key));
      try {
        return typeof text === 'string' ? read(text) : undefined;
      } catch {
        return undefined;
      }
    },
    async set(key, value) {
      await patiently(() => keyv.set(key, value, ttl));
    },
  };
}

/** Milliseconds. A store that takes longer is of no help: a Redis that is down makes its client wait for ever. */
const patience = 1_000;

/** Tells the diagnostics channel how the cache was of use. */
export function reportCache(outcome: CacheOutcome, startedAt: number): void {
  report('cache', () => ({ outcome, ms: performance.now() - startedAt }));
}
