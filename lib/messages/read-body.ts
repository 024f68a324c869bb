import { invalidRequest, RequestError } from './request-error.ts';

/**
 * The request's body as JSON, not yet checked. `maxLength` is in bytes.
 * @throws {RequestError} 413 when it is longer, 415 when it is not declared as JSON, 400 when it is none.
 */
export async function readBody(request: Request, maxLength: number): Promise<unknown> {
  // A page in a browser may post text or forms to a server on this machine without asking, but not JSON.
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) {
    throw new RequestError(415, 'invalid_request_error', 'content-type: must be application/json');
  }
  if (Number(request.headers.get('content-length')) > maxLength) throw tooLarge(maxLength);
  const bytes = await readBytes(request, maxLength);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw invalidRequest(`The request body is not valid JSON: ${why}`);
  }
}

async function readBytes(request: Request, maxLength: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the body.
  for await (const piece of request.body ?? []) {
    length += piece.byteLength;
    if (length > maxLength) throw tooLarge(maxLength);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

function tooLarge(maxLength: number): RequestError {
  return new RequestError(413, 'request_too_large', `Request exceeds the maximum size of ${maxLength} bytes`);
}
