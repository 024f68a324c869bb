export { batch } from './batch.ts';
export { type BatchesHandler, type BatchesOptions, createBatchesHandler } from './batches-handler.ts';
export type { BatchItem, BatchOptions, BatchProgress, BatchResult } from './options.ts';
