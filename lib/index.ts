/**
 * The Claude CLI as an async iterator of typed events.
 * @module claude-cli-stream
 */

export type * from './chunks.ts';
export { type CheckCliOptions, type CliStatus, checkCli } from './cli/status.ts';
export type { CacheOutcome, Diagnostics, WorkerOrigin } from './diagnostics.ts';
export {
  ApiError,
  type ApiFailure,
  ClaudeCliError,
  CliExitedError,
  CliNotExecutableError,
  CliNotFoundError,
  CliTooOldError,
  type ErrorCode,
  InvalidOptionError,
  LimiterFullError,
  NotSignedInError,
  OverloadedError,
  ProtocolError,
  RateLimitError,
  SpawnError,
  TimeoutError,
} from './errors.ts';
export { getResponse } from './get-response.ts';
export {
  type AcquireOptions,
  createLimiter,
  defaultLimiter,
  type Lease,
  type Limiter,
  type LimiterOptions,
} from './limiter.ts';
export type {
  Effort,
  McpServer,
  Prompt,
  StreamOptions,
  SystemPrompt,
  Thinking,
  UserMessage,
} from './options.ts';
export type { RetryOptions } from './retry.ts';
export { streamResponse } from './stream-response.ts';
export { textOf } from './text-stream.ts';
export { createPool, type EndReason, type Pool, type PoolStats } from './workers/pool.ts';
export type { PoolOptions } from './workers/pool-options.ts';
