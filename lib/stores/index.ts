/**
 * A response cache and a budget, around `streamResponse()` or a handler.
 * @module claude-cli-stream/stores
 */

export { type Budget, type BudgetOptions, type BudgetStatus, createBudget } from './budget.ts';
export { BudgetExceededError } from './budget-exceeded-error.ts';
export type { BudgetWindow } from './budget-window.ts';
export type { CliOptions } from './cache-key.ts';
export { cacheResponses, type ResponseCacheOptions } from './cache-responses.ts';
export { createFileStore, type FileStore, type FileStoreOptions } from './file-store.ts';
export type { Spend } from './ledger.ts';
export { limitSpending } from './limit-spending.ts';
export type { CacheOptions, Store } from './response-cache.ts';
export { withBudget } from './with-budget.ts';
export { type CachedCallOptions, type StreamFunction, withCache } from './with-cache.ts';
