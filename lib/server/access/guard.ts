import type { MiddlewareHandler } from 'hono';
import { errorResponse } from '../error-response.ts';
import { isHostAllowed } from './hosts.ts';
import { createRateLimiter, type RateLimit } from './rate-limit.ts';
import { findToken } from './tokens.ts';

export interface PageOptions {
  host: string;
  allowedHosts: readonly string[];
  corsOrigins: readonly string[];
}

/** Turns away web pages: those that reached this machine under a name of their own, and those of other origins. */
export function guardAgainstPages({ corsOrigins, ...hosts }: PageOptions): MiddlewareHandler {
  return async ({ req }, next) => {
    if (!isHostAllowed(req.raw.headers.get('host'), hosts))
      return errorResponse(403, 'This Host is not served. Allow it by name: --allow-host');
    const origin = req.raw.headers.get('origin');
    if (origin !== null && !corsOrigins.includes(origin))
      return errorResponse(
        403,
        'Pages of this origin may not use this server. Allow it by name: --cors-origin',
      );
    return next();
  };
}

/** Lets those in who show a token, each as often as `rateLimit` says. Without tokens all share one count. */
export function authorize(tokens: readonly string[], rateLimit: RateLimit | undefined): MiddlewareHandler {
  const takeTurn = rateLimit && createRateLimiter(rateLimit);
  return async ({ req }, next) => {
    const index = findToken(req.raw.headers, tokens);
    if (tokens.length > 0 && index < 0)
      return errorResponse(401, undefined, { 'www-authenticate': 'Bearer', 'x-should-retry': 'false' });
    const wait = req.path.startsWith('/v1/') ? (takeTurn?.(index) ?? 0) : 0;
    if (wait === 0) return next();
    const seconds = Math.ceil(wait / 1000);
    return errorResponse(429, `Too many requests with this token. Try again in ${seconds} s`, {
      'retry-after': String(seconds),
    });
  };
}
