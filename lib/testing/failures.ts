import type { Answer, ErrorAnswer, Failure, MessageAnswer } from './answer.ts';

/** How unified rate limit headers look for an account whose five-hour window is used up. */
const usedUp = {
  'anthropic-ratelimit-unified-status': 'rejected',
  'anthropic-ratelimit-unified-representative-claim': 'five_hour',
  'anthropic-ratelimit-unified-overage-status': 'rejected',
  'anthropic-ratelimit-unified-overage-disabled-reason': 'org_level_disabled',
};

/**
 * Every way a request can fail, ready to `reply()` with:
 *
 * ```ts
 * await using api = await startOfflineApi();
 * api.reply(failures.overloaded, 'Then it works.');
 * ```
 */
export const failures = {
  /** 400. */
  invalidRequest: error(400, 'messages: at least one message is required'),
  /** 400: the account has no credit left. */
  lowCredit: error(400, 'Your credit balance is too low to access the Anthropic API.'),
  /** 400: the conversation does not fit into the model. */
  promptTooLong: error(400, 'prompt is too long: 250000 tokens > 200000 maximum'),
  /** 401. */
  invalidKey: error(401),
  /** 403. */
  forbidden: error(403),
  /** 404: no such model. */
  unknownModel: error(404, 'model: claude-nowhere'),
  /** 413. */
  tooLarge: error(413),
  /** 429 of an API key, `retry-after: 1` (second). */
  rateLimited: error(429, undefined, { 'retry-after': '1' }),
  /** 429 of a plan whose five-hour window is used up for another hour, with its unified headers. */
  planLimited: () => {
    const reset = String(Math.floor(Date.now() / 1000) + 3600);
    return error(429, undefined, {
      ...usedUp,
      'anthropic-ratelimit-unified-reset': reset,
      'anthropic-ratelimit-unified-5h-reset': reset,
    });
  },
  /** 500. */
  serverError: error(500),
  /** 529. */
  overloaded: error(529),
  /** 503 with an HTML page, as a proxy in between sends it. */
  htmlPage: {
    http: {
      status: 503,
      headers: { 'content-type': 'text/html' },
      body: '<html><body><h1>503 Service Unavailable</h1></body></html>',
    },
  },
  /** The connection is reset before any response. */
  resetBeforeHeaders: broken('reset', 'request'),
  /** The connection is reset 20 ms after one delta. */
  resetMidStream: broken('reset'),
  /** The stream ends after one delta. */
  endMidStream: broken('eof'),
  /** After one delta comes an event that is not JSON. */
  malformedMidStream: broken('malformed-sse'),
  /** After one delta comes an `error` event: overloaded. */
  errorMidStream: broken('error-event'),
  /** After one delta nothing comes any more. */
  stallMidStream: broken('stall'),
  /** No response at all. */
  stallBeforeHeaders: broken('stall', 'request'),
} as const satisfies Readonly<Record<string, Answer>>;

function error(status: number, message?: string, headers?: Readonly<Record<string, string>>): ErrorAnswer {
  return { error: { status, ...(message !== undefined && { message }), ...(headers && { headers }) } };
}

function broken(kind: Failure['kind'], after: NonNullable<Failure['after']> = 1): MessageAnswer {
  return { content: 'This answer has no end.', failure: { kind, after } };
}
