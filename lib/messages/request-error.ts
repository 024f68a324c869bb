/** A request that is answered with an error before any process starts, in the API's own words. */
export class RequestError extends Error {
  readonly status: number;
  /** The API's `error.type`. */
  readonly type: string;
  /** The API's `error.details`. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(status: number, type: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.type = type;
    this.details = details;
  }
}

export function invalidRequest(message: string): RequestError {
  return new RequestError(400, 'invalid_request_error', message);
}
