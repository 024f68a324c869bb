import { isUtf8 } from 'node:buffer';
import { errorResponse } from './error-response.ts';

/**
 * The body of a request, whole; null if it has none. A `Response` tells the client why it is refused.
 *
 * Only `application/json` passes: a web page cannot send that to another origin without asking first, and this server
 * refuses when it asks.
 */
export async function readBody(
  request: Request,
  maxBodySize: number,
): Promise<Uint8Array<ArrayBuffer> | null | Response> {
  const { headers, body } = request;
  const size = Number(headers.get('content-length') ?? 0);
  if (!body || (size === 0 && !headers.has('transfer-encoding'))) return null;
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    return errorResponse(415, `content-encoding ${encoding} is not supported: send the body as it is`);
  if (!/^application\/json\s*(;|$)/i.test(headers.get('content-type') ?? ''))
    return errorResponse(415, 'content-type must be application/json');
  if (size > maxBodySize) return tooLarge(maxBodySize);

  const pieces: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the body: what still comes is thrown away, and the client can read why.
  for await (const piece of body) {
    length += piece.byteLength;
    if (length > maxBodySize) return tooLarge(maxBodySize);
    pieces.push(piece);
  }
  const whole = Buffer.concat(pieces);
  return isUtf8(whole) ? whole : errorResponse(400, 'The body is not valid UTF-8');
}

function tooLarge(maxBodySize: number): Response {
  return errorResponse(413, `The body is larger than ${maxBodySize} bytes`);
}
