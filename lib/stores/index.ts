export { createFileStore, type FileStore, type FileStoreOptions } from './file-store.ts';
export type { CacheOptions, Store } from './response-cache.ts';
export { type CachedCallOptions, type StreamFunction, withCache } from './with-cache.ts';
