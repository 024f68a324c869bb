export { batch } from './batch.ts';
export type { BatchItem, BatchOptions, BatchProgress, BatchResult } from './options.ts';
