import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool, type Pool } from '../../lib/index.ts';
import { type RunningServer, serve } from '../../lib/server/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { failureOf, observe } from '../messages/observe.ts';
import { refusals, scenarios } from '../messages/scenarios.ts';

// The scenarios of the Messages API once more, over the socket: client, server, the real CLI, the offline API.

const token = 'a-token-of-enough-length';
let api: OfflineApi;
let pool: Pool;
let server: RunningServer;
let direct: Anthropic;
let served: Anthropic;
beforeAll(async () => {
  api = await startOfflineApi();
  pool = createPool({ warm: 0, max: 2 });
  server = await serve({ port: 0, token, env: api.env, pool });
  const clientOf = (baseURL: string) =>
    new Anthropic({ baseURL, apiKey: token, authToken: null, maxRetries: 0 });
  [direct, served] = [clientOf(api.url), clientOf(server.url)];
});
afterAll(async () => {
  await server.close({ grace: 0 });
  await pool.close();
  await api.close();
});

it.each(scenarios)('the same message and stream for $name', async scenario => {
  const wanted = await observe(api, direct, scenario);
  const got = await observe(api, served, scenario);
  expect(got.answers).toEqual(wanted.answers);
  expect(got.sent).toEqual(wanted.sent);
});

it.each(refusals)('the same error for $name', async ({ answer }) => {
  const wanted = await failureOf(api, direct, answer);
  expect(await failureOf(api, served, answer)).toEqual(wanted);
});
