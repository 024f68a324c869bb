import * as z from 'zod';
import type { MessagesRequest } from '../workers/messages-request.ts';
import { contentBlock, textBlock, toolSchema } from './blocks.ts';
import { firstProblem, inApiWords } from './in-api-words.ts';
import { invalidRequest, RequestError } from './request-error.ts';

/**
 * Checks the shape of a Messages API request: what is wrong here never starts a process. What only the API can judge
 * (does the model exist, does this model take these settings) is left to it.
 * @throws {RequestError} 400 with the path of the first offending field.
 */
export function parseRequest(body: unknown): MessagesRequest {
  const request = parse(createMessage, body);
  if (request.thread) throw new RequestError(400, 'invalid_request_error', noThreads, unsupportedThread);
  return request;
}

/** In these words, the SDK's tool runner goes on with the whole history in each request. */
const noThreads = 'thread: the Claude CLI has no message threads; send the whole history';
const unsupportedThread = { error_code: 'thread_unsupported_request', unsupported: ['thread'] };

/** The same for a token count, which takes fewer fields. */
export function parseCountRequest(body: unknown): MessagesRequest {
  return parse(countTokens, body);
}

function parse(schema: typeof createMessage | typeof countTokens, body: unknown): MessagesRequest {
  const parsed = schema.safeParse(body, { error: inApiWords });
  if (!parsed.success) throw invalidRequest(firstProblem(parsed.error));
  // What came from JSON has no fields that are `undefined`, which is all that the two types differ in.
  return parsed.data as MessagesRequest;
}

const record = z.record(z.string(), z.unknown());
const share = z.number().min(0).max(1);
const typed = z.looseObject({ type: z.string() });

const message = z.strictObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(contentBlock)]),
});

/** What both kinds of request take. */
const conversation = {
  model: z.string().min(1),
  messages: z.array(message).min(1, 'at least one message is required'),
  system: z.union([z.string(), z.array(textBlock)]),
  tools: z.array(toolSchema),
  tool_choice: typed,
  thinking: typed,
  output_config: record,
  output_format: record.nullable(),
  cache_control: record.nullable(),
  context_management: record.nullable(),
  mcp_servers: z.array(record),
  speed: z.string().nullable(),
  billing_policy: record.nullable(),
  compaction: record.nullable(),
  user_profile_id: z.string(),
  workspace_id: z.string(),
};

const countTokens = z.strictObject(conversation).partial().required({ model: true, messages: true });

const createMessage = countTokens.extend({
  max_tokens: z.int().min(0),
  ...z
    .strictObject({
      stream: z.boolean(),
      temperature: share,
      top_p: share,
      top_k: z.int().min(0),
      stop_sequences: z.array(z.string().min(1)),
      metadata: record,
      service_tier: z.string(),
      container: z.union([z.string(), record]).nullable(),
      inference_geo: z.string().nullable(),
      diagnostics: record.nullable(),
      fallback_credit_token: z.union([z.string(), record]).nullable(),
      fallbacks: z.union([z.string(), z.array(z.unknown())]).nullable(),
      thread: record.nullable(),
    })
    .partial().shape,
});
