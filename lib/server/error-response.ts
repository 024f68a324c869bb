/** An error in the API's own shape. Source: https://docs.claude.com/en/api/errors */
export function errorResponse(
  status: number,
  message?: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json(errorBody(status, message), { status, headers });
}

/** The JSON of an error response, and the data of an SSE `error` event. */
export function errorBody(status: number, message?: string): ErrorBody {
  const usual = usualErrors[status] ?? (status < 500 ? badRequest : serverError);
  return { type: 'error', error: { type: usual.type, message: message ?? usual.message } };
}

export interface ErrorBody {
  type: 'error';
  error: { type: string; message: string };
}

const badRequest = { type: 'invalid_request_error', message: 'Invalid request' };
const serverError = { type: 'api_error', message: 'Internal server error' };

const usualErrors: Readonly<Record<number, { type: string; message: string }>> = {
  401: { type: 'authentication_error', message: 'Missing or wrong token' },
  403: { type: 'permission_error', message: 'Not allowed' },
  404: { type: 'not_found_error', message: 'Not found' },
  408: { type: 'timeout_error', message: 'The request did not arrive in time' },
  413: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  429: { type: 'rate_limit_error', message: 'Too many requests' },
  503: { type: 'overloaded_error', message: 'The server is shutting down' },
  504: { type: 'timeout_error', message: 'The request timed out' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
};
