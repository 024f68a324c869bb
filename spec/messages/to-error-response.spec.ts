import { expect, it } from 'vitest';
import {
  ApiError,
  CliExitedError,
  CliNotFoundError,
  LimiterFullError,
  NotSignedInError,
  RateLimitError,
  TimeoutError,
} from '../../lib/index.ts';
import { RequestError } from '../../lib/messages/request-error.ts';
import { errorResponse } from '../../lib/messages/to-error-response.ts';

const failure = { status: null, category: 'unknown', message: 'm', requestId: null, retryAfter: null };
const printed = (status: number, message: string) => new ApiError({ ...failure, status, message });

it.each<[unknown, number, string, string, string]>([
  [new RequestError(404, 'not_found_error', 'm'), 404, 'not_found_error', 'm', 'false'],
  [printed(400, 'API Error: 400 a: b. c'), 400, 'invalid_request_error', 'a: b. c', 'false'],
  [printed(402, 'API Error: 402 pay'), 402, 'billing_error', 'pay', 'false'],
  [printed(403, 'Failed to authenticate. API Error: 403 no'), 403, 'permission_error', 'no', 'false'],
  [
    new RateLimitError({
      ...failure,
      status: 429,
      message: 'API Error: Request rejected (429) · slow · down',
    }),
    429,
    'rate_limit_error',
    'slow · down',
    'true',
  ],
  [
    printed(
      500,
      'API Error: 500 Oh. This is a server-side issue, usually temporary — try again in a moment.',
    ),
    500,
    'api_error',
    'Oh',
    'true',
  ],
  [printed(401, 'Invalid API key'), 401, 'authentication_error', 'Invalid API key', 'false'],
  [new ApiError(failure), 502, 'api_error', 'm', 'true'],
  [new NotSignedInError('d'), 401, 'authentication_error', new NotSignedInError('d').message, 'false'],
  [new LimiterFullError(3), 429, 'rate_limit_error', new LimiterFullError(3).message, 'true'],
  [new TimeoutError('timeout', 5), 504, 'timeout_error', new TimeoutError('timeout', 5).message, 'true'],
  [new CliNotFoundError(['/x']), 500, 'api_error', new CliNotFoundError(['/x']).message, 'false'],
  [
    new CliExitedError({ exitCode: 1, signal: null, stderr: '' }, 'early'),
    500,
    'api_error',
    'The Claude CLI exited with code 1 early.',
    'true',
  ],
  [new TypeError('secret'), 500, 'api_error', 'Internal server error', 'false'],
])('tells %s as the API would', async (error, status, type, message, retry) => {
  const response = errorResponse(error, 'req_1');
  expect(response.status).toBe(status);
  expect(response.headers.get('x-should-retry')).toBe(retry);
  expect(response.headers.get('request-id')).toBe('req_1');
  expect(await response.json()).toEqual({ type: 'error', error: { type, message }, request_id: 'req_1' });
});

it('passes on the id that the API gave the request, and how long to wait', () => {
  const error = new RateLimitError({ ...failure, status: 429, requestId: 'req_up', retryAfter: 7 });
  const { headers } = errorResponse(error, 'req_1');
  expect(headers.get('request-id')).toBe('req_up');
  expect(headers.get('retry-after')).toBe('7');
});
