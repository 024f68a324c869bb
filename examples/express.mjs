// The Messages API as a route of Express. Before express.json(): the handler reads the body itself.
import { createPool } from 'claude-cli-stream';
import { createHandler } from 'claude-cli-stream/messages';
import { toNodeHandler } from 'claude-cli-stream/server';
import express from 'express';

const app = express();
app.all('/v1/*path', toNodeHandler(createHandler({ pool: createPool() })));
app.use(express.json());
app.get('/', (_request, response) => void response.send('Hello from Express'));

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`http://127.0.0.1:${address?.port}`);
});
