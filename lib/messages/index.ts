export { createFetch } from './fetch.ts';
export { createHandler, type Handler } from './handler.ts';
export type { HandlerOptions } from './options.ts';
