// Answers over HTTP as they come: curl -N 'http://127.0.0.1:3000/?ask=What+is+2%2B2%3F'
// A visitor who leaves ends the answer, and with it the CLI process. Under a subscription login: for yourself only.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { streamResponse, textOf } from 'claude-cli-stream';

const server = createServer(async (request, response) => {
  const prompt = new URL(request.url ?? '/', 'http://localhost').searchParams.get('ask') ?? 'Hello!';
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  // A Readable, because pipeline() leaves a bare iterable only with its next piece.
  await pipeline(Readable.from(textOf(streamResponse(prompt))), response).catch(error => {
    console.error(error.message);
  });
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`http://127.0.0.1:${address?.port}`);
});
