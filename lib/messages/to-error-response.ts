import { randomUUID } from 'node:crypto';
import {
  ApiError,
  ClaudeCliError,
  InvalidOptionError,
  LimiterFullError,
  NotSignedInError,
  TimeoutError,
} from '../errors.ts';
import { BudgetExceededError } from '../stores/budget-exceeded-error.ts';
import { RequestError } from './request-error.ts';

interface ErrorBody {
  type: string;
  message: string;
  details?: Readonly<Record<string, unknown>>;
}

/** An error as the API would tell it. */
export interface WireError {
  status: number;
  /** The body of the response, or the data of an `error` event. */
  body: { type: 'error'; error: ErrorBody; request_id: string };
  headers: Record<string, string>;
}

/** The id of a response; the API's own id of a request is known only when it failed. */
export function newRequestId(): string {
  return `req_cli_${randomUUID().replaceAll('-', '')}`;
}

export function errorResponse(error: unknown, requestId: string): Response {
  const { status, body, headers } = toWireError(error, requestId);
  return Response.json(body, { status, headers: { ...headers, 'request-id': body.request_id } });
}

/** An error that is none of ours is a defect: its text is for the log of whoever runs this, not for a client. */
export function toWireError(error: unknown, requestId: string): WireError {
  const { status, ...told } = describe(error);
  const id = (error instanceof ApiError && error.requestId) || requestId;
  const retryable = error instanceof ClaudeCliError ? error.retryable : false;
  return {
    status,
    body: { type: 'error', error: told, request_id: id },
    headers: {
      'x-should-retry': String(retryable),
      ...(error instanceof LimiterFullError && { 'retry-after': '1' }),
      ...(error instanceof BudgetExceededError && untilReset(error)),
      ...(error instanceof ApiError && error.retryAfter !== null
        ? { 'retry-after': String(Math.ceil(error.retryAfter)) }
        : {}),
    },
  };
}

function describe(error: unknown): ErrorBody & { status: number } {
  if (error instanceof RequestError) {
    const { status, type, message, details } = error;
    return { status, type, message, ...(details && { details }) };
  }
  if (!(error instanceof ClaudeCliError)) return withType(500, 'Internal server error');
  if (error instanceof ApiError) return withType(error.status ?? 502, apiMessage(error.message));
  if (error instanceof InvalidOptionError) return withType(400, error.message);
  if (error instanceof NotSignedInError) return withType(401, error.message);
  if (error instanceof LimiterFullError || error instanceof BudgetExceededError)
    return withType(429, error.message);
  if (error instanceof TimeoutError) return withType(504, error.message);
  return withType(500, error.message);
}

function untilReset({ resetsAt }: BudgetExceededError): { 'retry-after'?: string } {
  const seconds = resetsAt && Math.max(1, Math.ceil((resetsAt.getTime() - Date.now()) / 1000));
  return seconds === null ? {} : { 'retry-after': String(seconds) };
}

function withType(status: number, message: string) {
  return { status, type: types[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'), message };
}

/** Source: https://docs.claude.com/en/api/errors */
const types: Partial<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/**
 * The API's words without what the CLI puts around them. For some errors (an unknown model, a wrong key, a prompt that
 * is too long) the CLI has only words of its own, and they stay.
 */
function apiMessage(printed: string): string {
  const around =
    /^(?:Failed to authenticate\. )?API Error: (?:\d{3} |Request rejected \(\d{3}\) · )?(.*?)(?:\. This is a server-side issue, .*)?$/s;
  return around.exec(printed)?.[1] || printed;
}
