/**
 * One local endpoint for every app: the Messages API and chat completions over HTTP.
 * @module claude-cli-stream/server
 */

export type { RateLimit } from './access/rate-limit.ts';
export { createLog, type Logger, type LogOptions } from './log.ts';
export { type Handler, type NodeHandler, type NodeHandlerOptions, toNodeHandler } from './node-handler.ts';
export type { ServerOptions } from './options.ts';
export { type RunningServer, type ServeOptions, serve } from './serve.ts';
export type { CheckSignIn } from './sign-in.ts';
export type { LogContent } from './trace.ts';
