/**
 * The Messages API, answered by the CLI: a `fetch` for the official SDK, and a handler for a route.
 * @module claude-cli-stream/messages
 */

export { createFetch } from './fetch.ts';
export { createHandler, type Handler } from './handler.ts';
export type { HandlerOptions } from './options.ts';
