import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import KeyvRedis, { createClient } from '@keyv/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Summary } from '../../lib/chunks.ts';
import { withCache } from '../../lib/stores/index.ts';
import { streamResponse } from '../../lib/stream-response.ts';
import { until } from '../fixtures/outcome.ts';

const echo = { pathToClaudeCodeExecutable: new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname };
const program = ['redis-server', 'valkey-server'].map(onPath).find(path => path !== undefined) ?? '';

describe.skipIf(program === '')('withCache() with a real Redis', () => {
  let directory: string;
  let server: ChildProcess;
  let client: ReturnType<typeof connect>;
  let stores: [KeyvRedis<string>, KeyvRedis<string>];
  const connect = (path: string) => createClient({ socket: { path, tls: false } });

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'redis-spec-'));
    const path = join(directory, 'redis.sock');
    const settings = { port: 0, unixsocket: path, save: '', dir: directory };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    server = spawn(program, flags, { stdio: 'ignore' });
    await until(() => existsSync(path), 'Redis listens');
    client = connect(path);
    stores = [new KeyvRedis(client), new KeyvRedis(connect(path))];
  });
  afterAll(async () => {
    await Promise.allSettled(stores.map(store => store.disconnect(true)));
    server.kill('SIGKILL');
    await rm(directory, { recursive: true });
  });

  it('has what another process stored, for as long as it was told', async () => {
    const [one, other] = [stores[0], stores[1]].map(store =>
      withCache(streamResponse, { store, ttl: 60_000 }),
    );
    expect(await lastOf(one?.('a b', echo))).not.toHaveProperty('cached');
    expect(await lastOf(other?.('a b', echo))).toMatchObject({ text: 'a b', cached: true });
    const [key = ''] = await client.sendCommand<string[]>(['KEYS', '*']);
    expect(key).toMatch(/[\da-f]{64}$/);
    const left = await client.sendCommand<number>(['PTTL', key]);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
    await client.sendCommand(['SET', key, 'nonsense']);
    expect(await lastOf(other?.('a b', echo))).not.toHaveProperty('cached');
  });

  it('answers without it when it is gone', async () => {
    const cached = withCache(streamResponse, { store: stores[0] });
    await lastOf(cached('a b', echo));
    server.kill('SIGKILL');
    await once(server, 'exit');
    expect(await lastOf(cached('a b', echo))).toMatchObject({ text: 'a b' });
  });
});

async function lastOf(stream: AsyncGenerator<unknown, Summary> | undefined): Promise<Summary | undefined> {
  for (;;) {
    const step = await stream?.next();
    if (!step || step.done) return step?.value;
  }
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map(folder => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
