import type { IncomingMessage } from 'node:http';

/** The API's own limit, in bytes. Source: https://platform.claude.com/docs/en/api/errors#request-size-limits */
const maximumSize = 32 * 1024 * 1024;

/** The body as text; undefined if it is too large. Rejects if the client leaves before its end. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // What is too much is still read, not kept: a client that is cut off never sees the error response.
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.byteLength;
    if (size <= maximumSize) chunks.push(bytes);
    else chunks.length = 0;
  }
  return size <= maximumSize ? Buffer.concat(chunks).toString('utf8') : undefined;
}
