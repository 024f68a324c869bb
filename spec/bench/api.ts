import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The loopback API. */
export interface Api {
  readonly url: string;
  readonly pid: number | undefined;
  /** When the requests since the last time arrived, on the shared clock. */
  takeArrivals(): Promise<number[]>;
  close(): void;
}

export async function startApi(): Promise<Api> {
  const child = fork(fileURLToPath(new URL('api-server.js', import.meta.url)));
  const [{ port }] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    async takeArrivals() {
      child.send('arrivals');
      const [{ arrivals }] = await once(child, 'message');
      return arrivals;
    },
    close: () => child.disconnect(),
  };
}
