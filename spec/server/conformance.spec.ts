import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool, type Pool } from '../../lib/index.ts';
import { type RunningServer, serve } from '../../lib/server/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { bothForms, failureOf, observe } from '../messages/observe.ts';
import { refusals, scenarios } from '../messages/scenarios.ts';

// The scenarios of the Messages API once more, over the socket: client, server, the real CLI, the offline API.

const token = 'a-token-of-enough-length';
let api: OfflineApi;
let pool: Pool;
let server: RunningServer;
let exact: RunningServer;
let direct: Anthropic;
let served: Anthropic;
let servedExactly: Anthropic;
beforeAll(async () => {
  api = await startOfflineApi();
  pool = createPool({ warm: 0, max: 2 });
  const settings = { port: 0, token, env: api.env, pool };
  server = await serve(settings);
  exact = await serve({ ...settings, transport: 'exact' });
  const clientOf = (baseURL: string) =>
    new Anthropic({ baseURL, apiKey: token, authToken: null, maxRetries: 0 });
  [direct, served, servedExactly] = [clientOf(api.url), clientOf(server.url), clientOf(exact.url)];
});
afterAll(async () => {
  await server.close({ grace: 0 });
  await exact.close({ grace: 0 });
  await pool.close();
  await api.close();
});

it.each(scenarios)('the same message and stream for $name', async scenario => {
  // What ends a worker is asked as a stream, by the other transport, in messages/conformance.spec.ts.
  const [client, forms] = scenario.endsWorker ? [servedExactly, ['whole'] as const] : [served, bothForms];
  const wanted = await observe(api, direct, scenario, forms);
  const got = await observe(api, client, scenario, forms);
  expect(got.answers).toEqual(wanted.answers);
  expect(got.sent).toEqual(wanted.sent);
});

it.each(refusals)('the same error for $name', async ({ answer }) => {
  const wanted = await failureOf(api, direct, answer);
  expect(await failureOf(api, served, answer)).toEqual(wanted);
});
