import type { ErrorAnswer } from './answer.ts';

/** The body of an error response, as the API words it. */
export function errorBody(error: ErrorAnswer['error'], requestId: string): string {
  const usual = usualErrors[error.status] ?? (error.status < 500 ? badRequest : serverError);
  const { type = usual.type, message = usual.message } = error;
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: requestId });
}

const badRequest = { type: 'invalid_request_error', message: 'Invalid request' };
const serverError = { type: 'api_error', message: 'Internal server error' };

/** Source: https://platform.claude.com/docs/en/api/errors */
const usualErrors: Readonly<Record<number, { type: string; message: string }>> = {
  400: badRequest,
  401: { type: 'authentication_error', message: 'invalid x-api-key' },
  402: { type: 'billing_error', message: 'There is an issue with your billing' },
  403: {
    type: 'permission_error',
    message: 'Your API key does not have permission to use the specified resource.',
  },
  404: { type: 'not_found_error', message: 'Not found' },
  413: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  429: { type: 'rate_limit_error', message: 'This request would exceed your rate limit' },
  500: serverError,
  504: { type: 'timeout_error', message: 'The request timed out while processing' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
};
