export { type Budget, type BudgetOptions, type BudgetStatus, createBudget } from './budget.ts';
export { BudgetExceededError } from './budget-exceeded-error.ts';
export type { BudgetWindow } from './budget-window.ts';
export { createFileStore, type FileStore, type FileStoreOptions } from './file-store.ts';
export type { Spend } from './ledger.ts';
export type { CacheOptions, Store } from './response-cache.ts';
export { withBudget } from './with-budget.ts';
export { type CachedCallOptions, type StreamFunction, withCache } from './with-cache.ts';
