/** A request that is answered with an error before any process starts, in the API's own words. */
export class RequestError extends Error {
  readonly status: number;
  /** The API's `error.type`. */
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.type = type;
  }
}

export function invalidRequest(message: string): RequestError {
  return new RequestError(400, 'invalid_request_error', message);
}
