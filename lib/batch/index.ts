/**
 * Many prompts, and the Message Batches API.
 * @module claude-cli-stream/batch
 */

export { batch } from './batch.ts';
export { type BatchesHandler, type BatchesOptions, createBatchesHandler } from './batches-handler.ts';
export type { BatchItem, BatchOptions, BatchProgress, BatchResult } from './options.ts';
