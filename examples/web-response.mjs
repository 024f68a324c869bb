// An answer as a web Response, for Hono, Next.js, Deno-style handlers, or here for Node's own server.
import { createServer } from 'node:http';
import { ReadableStream } from 'node:stream/web';
import { streamResponse, textOf } from 'claude-cli-stream';
import { toNodeHandler } from 'claude-cli-stream/server';

/** @param {Request} request */
function handler(request) {
  const prompt = new URL(request.url).searchParams.get('ask') ?? 'Hello!';
  // The signal aborts when the visitor leaves: the answer ends, and with it the CLI process.
  const text = textOf(streamResponse(prompt, { signal: request.signal }));
  const body = ReadableStream.from(text).pipeThrough(new TextEncoderStream());
  return new Response(body, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

const server = createServer(toNodeHandler(handler));
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`http://127.0.0.1:${address?.port}`);
});
