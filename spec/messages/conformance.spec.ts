import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../lib/index.ts';
import { createFetch } from '../../lib/messages/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { defaults, failureOf, observe } from './observe.ts';
import { refusals, scenarios } from './scenarios.ts';

// Every scenario runs twice through the official SDK: against the API itself, and through the CLI. What the SDK makes
// of it must be the same, and so must be what reaches the API of the caller's own.

let api: OfflineApi;
let direct: Anthropic;
/** For both transports: a worker does not mind which one its next call takes. */
const pool = createPool({ warm: 0, max: 2 });
let wantedRequests = 0;
beforeAll(async () => {
  api = await startOfflineApi();
  direct = new Anthropic({ baseURL: api.url, apiKey: 'any', authToken: null, maxRetries: 0 });
});
afterAll(() => api.close());

describe.each(['replay', 'exact'] as const)('with the transport %s', transport => {
  let throughCli: Anthropic;
  beforeAll(() => {
    const fetch = createFetch({ env: api.env, transport, pool });
    throughCli = new Anthropic({ apiKey: 'unused', maxRetries: 0, fetch });
  });

  it.each(scenarios)('gives the same message and stream for $name', async scenario => {
    const wanted = await observe(api, direct, scenario);
    const got = await observe(api, throughCli, scenario);
    // Whole and streamed, by both clients.
    wantedRequests += 4;

    expect(got.answers).toEqual(wanted.answers);
    expect(got.sent).toEqual(wanted.sent);
  });

  it.each(refusals)('gives the same error for $name', async ({ answer }) => {
    const wanted = await failureOf(api, direct, answer);
    expect(await failureOf(api, throughCli, answer)).toEqual(wanted);
    wantedRequests += 2;
  });

  it("leaves the caller's cache breakpoints as they are, and adds none to four", async () => {
    const before = api.requests.length;
    const cache_control = { type: 'ephemeral' as const, ttl: '1h' as const };
    const text = (role: 'user' | 'assistant') => ({
      role,
      content: [{ type: 'text' as const, text: 'Hi', cache_control }],
    });
    const messages = [
      text('user'),
      text('assistant'),
      text('user'),
      text('assistant'),
      { ...text('user'), content: 'b' },
    ];
    await throughCli.messages.create({ ...defaults, system: 'Be brief.', messages });
    wantedRequests += 1;
    const sent = JSON.stringify(api.requests[before]?.body);
    expect(sent.match(/"cache_control":\{"type":"ephemeral","ttl":"1h"\}/g)).toHaveLength(4);
    expect(sent.match(/"cache_control"/g)).toHaveLength(4);
  });
});

it('has sent one request per call, most of them by workers that had answered before', async () => {
  await pool.close();
  expect(api.requests).toHaveLength(wantedRequests);
  const { cold, rewound, continued } = pool.stats.served;
  expect(rewound + continued).toBeGreaterThan(4 * cold);
});
