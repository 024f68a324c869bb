// The Messages API as a route of Fastify, in a scope in which Fastify leaves the body alone.
import { createPool } from 'claude-cli-stream';
import { createHandler } from 'claude-cli-stream/messages';
import { toNodeHandler } from 'claude-cli-stream/server';
import fastify from 'fastify';

const app = fastify();
const listener = toNodeHandler(createHandler({ pool: createPool() }));
app.register(async scope => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _body, done) => done(null));
  scope.all('/v1/*', (request, reply) => {
    reply.hijack();
    return listener(request.raw, reply.raw);
  });
});
app.get('/', async () => 'Hello from Fastify');

console.log(await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' }));
