import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorBody } from './error-response.ts';
import type { NodeHandler } from './node-handler.ts';

export interface ListenOptions {
  port: number;
  host: string;
  headersTimeout: number;
  requestTimeout: number;
  /** Told of each request that is so broken that it never reaches the handler. @returns the id of its response */
  onRefused(status: number): string;
}

/** @throws the listen error, for example `EADDRINUSE` */
export async function listen(handle: NodeHandler, options: ListenOptions): Promise<Server> {
  const { port, host, headersTimeout, requestTimeout, onRefused } = options;
  const server = createServer({
    headersTimeout: Math.min(headersTimeout, requestTimeout),
    requestTimeout,
    connectionsCheckingInterval: Math.min(1_000, headersTimeout, requestTimeout),
    // Longer than the idle time of common load balancers and clients, so that it is they who close a connection.
    keepAliveTimeout: 75_000,
    maxHeaderSize: 16 * 1024,
    // The handler says so itself, in the shape of the API.
    requireHostHeader: false,
  });
  server.on('request', handle);
  // The body is asked for when it is read: who is turned away need not send it.
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('clientError', (error, socket) => refuse(error, socket, onRefused));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return server;
}

/** Requests so broken that no handler sees them are answered in the API's shape too. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex, onRefused: ListenOptions['onRefused']): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const [status, text] = refusals[error.code ?? ''] ?? [400, 'Bad Request'];
  const body = JSON.stringify(errorBody(status, status === 408 ? undefined : text));
  const head = [
    `HTTP/1.1 ${status} ${text}`,
    'connection: close',
    `request-id: ${onRefused(status)}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

const refusals: Readonly<Record<string, [status: number, text: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};
