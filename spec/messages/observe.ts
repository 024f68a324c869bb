import type Anthropic from '@anthropic-ai/sdk';
import { APIError } from '@anthropic-ai/sdk';
import { expect } from 'vitest';
import type { Answer, OfflineApi } from '../../lib/testing/index.ts';
import { callersPart } from './callers-part.ts';
import type { Scenario } from './scenarios.ts';

export const defaults: Anthropic.MessageCreateParamsNonStreaming = {
  model: 'claude-sonnet-5-5',
  max_tokens: 1000,
  messages: [{ role: 'user', content: 'What is two and two?' }],
};

/** The same call as a whole and as a stream: what the SDK makes of it, and what reaches the API. */
export async function observe(api: OfflineApi, client: Anthropic, { answer, params }: Scenario) {
  const before = api.requests.length;
  const forget = api.when(() => answer);
  const answers = [await create(client, params), await stream(client, params)];
  forget();
  const sent = api.requests.slice(before).map(({ body }) => callersPart(body));
  return { answers, sent };
}

async function create(client: Anthropic, params: Scenario['params']) {
  return { ...(await client.messages.create({ ...defaults, ...params })) };
}

async function stream(client: Anthropic, params: Scenario['params']) {
  const stream = client.messages.stream({ ...defaults, ...params });
  const events: Anthropic.MessageStreamEvent[] = [];
  for await (const event of stream) events.push(structuredClone(event));
  return { events, final: await stream.finalMessage() };
}

export async function failureOf(api: OfflineApi, client: Anthropic, answer: Answer) {
  const forget = api.when(() => answer);
  const error = await client.messages.create(defaults).catch(error => error);
  forget();
  if (!(error instanceof APIError)) throw error;
  const { request_id, ...body } = error.error as { request_id: string };
  expect(request_id).toBe(api.requests.at(-1)?.id);
  expect(error.requestID).toBe(request_id);
  return { class: error.constructor.name, status: error.status, type: error.type, body };
}
