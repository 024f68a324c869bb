import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** Sends bytes as they are and collects what comes back until the server closes the connection. */
export async function sendRaw(port: number, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const socket = await open(port);
  for (const piece of pieces) socket.write(piece);
  return readAll(socket);
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise(resolve => socket.once('connect', resolve));
  return socket;
}

/** Everything up to the end of the connection, however it ends. */
export function readAll(socket: Readable): Promise<string> {
  return readUntil(socket, () => false);
}

/** What comes from now on, until `enough` says so or the connection is closed. What comes later is kept for the next. */
export function readUntil(socket: Readable, enough: (text: string) => boolean): Promise<string> {
  return new Promise(resolve => {
    let text = '';
    const finish = () => {
      socket.pause();
      socket.removeListener('data', onData);
      socket.removeListener('close', finish);
      resolve(text);
    };
    const onData = (piece: Buffer | string) => {
      text += piece.toString('latin1');
      if (enough(text)) finish();
    };
    if (socket.closed) return finish();
    socket.on('data', onData);
    socket.once('close', finish);
    socket.resume();
  });
}

/** A `POST /v1/messages` as text; each header replaces the usual one of its name. */
export function rawPost(body: string, headers: Record<string, string> = {}, path = '/v1/messages'): string {
  const all = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

export const question = JSON.stringify({
  model: 'claude-opus-5-5',
  max_tokens: 1000,
  messages: [{ role: 'user', content: 'What is 2+2?' }],
});
