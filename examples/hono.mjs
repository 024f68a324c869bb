// The Messages API as a route of Hono, on Node's server.
import { createServer } from 'node:http';
import { createPool } from 'claude-cli-stream';
import { createHandler } from 'claude-cli-stream/messages';
import { toNodeHandler } from 'claude-cli-stream/server';
import { Hono } from 'hono';

const handler = createHandler({ pool: createPool() });
const app = new Hono();
app.get('/', context => context.text('Hello from Hono'));
app.all('/v1/*', context => handler(context.req.raw));

const server = createServer(toNodeHandler(app.fetch));
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`http://127.0.0.1:${address?.port}`);
});
