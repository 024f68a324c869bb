import { z } from 'zod';
import { chatMessage } from './chat-message.ts';
import { only, unmapped, withoutNulls } from './fields.ts';

/** A `POST /v1/chat/completions` body, as far as it can be mapped to the Messages API. */
export type ChatRequest = z.infer<typeof chatRequest>;

/** Parses a body; what has no counterpart in the Messages API is refused by name, never dropped. */
export function parseChatRequest(
  body: unknown,
): { ok: true; request: ChatRequest } | { ok: false; problem: Problem } {
  const { success, data, error } = chatRequest.safeParse(body);
  if (success) return { ok: true, request: data };
  const issue = deepest(error.issues[0]);
  const path = issue?.path
    .map(step => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('');
  const param = path?.replace(/^\./, '') ?? '';
  return { ok: false, problem: { param, message: `${param || 'body'}: ${issue?.message ?? 'invalid'}` } };
}

/** What is wrong with a request, and where. */
export interface Problem {
  param: string;
  message: string;
}

const tool = z.strictObject({
  type: z.literal('function', { error: 'only "function" can be mapped' }),
  function: z.strictObject({
    name: z.string(),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
});
const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
]);
const responseFormat = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('text') }),
    z.strictObject({
      type: z.literal('json_schema'),
      json_schema: z.strictObject({
        name: z.string(),
        schema: z.record(z.string(), z.unknown()),
        strict: z.boolean().nullish(),
        description: unmapped('put it into the schema'),
      }),
    }),
  ],
  { error: 'cannot be mapped: use json_schema' },
);

const chatRequest = withoutNulls(
  z.strictObject({
    model: z.string(),
    messages: z.array(chatMessage),
    stream: z.boolean().optional(),
    stream_options: z
      .object({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
      .optional(),
    max_tokens: z.int().positive().optional(),
    max_completion_tokens: z.int().positive().optional(),
    temperature: z.number().min(0).max(1, { error: 'can be mapped up to 1' }).optional(),
    top_p: z.number().optional(),
    stop: z.union([z.string(), z.array(z.string())]).optional(),
    tools: z.array(tool).optional(),
    tool_choice: toolChoice.optional(),
    parallel_tool_calls: z.boolean().optional(),
    response_format: responseFormat.optional(),
    reasoning_effort: z
      .enum(['none', 'low', 'medium', 'high', 'xhigh', 'max'], {
        error: 'none, low, medium, high, xhigh and max can be mapped',
      })
      .optional(),
    service_tier: z.enum(['auto', 'default'], { error: 'auto and default can be mapped' }).optional(),
    user: z.string().optional(),
    safety_identifier: z.string().optional(),
    // Hints to OpenAI's own caches: they change no answer.
    prompt_cache_key: z.string().optional(),
    prompt_cache_retention: z.string().optional(),
    n: only(1, 'there is one answer per request'),
    store: only(false, 'nothing is stored'),
    logprobs: only(false),
    presence_penalty: only(0),
    frequency_penalty: only(0),
    logit_bias: z.record(z.string(), z.never({ error: 'cannot be mapped' })).optional(),
    modalities: z.array(z.literal('text', { error: 'only "text" can be mapped' })).optional(),
    top_logprobs: unmapped(),
    seed: unmapped(),
    verbosity: unmapped(),
    metadata: unmapped('nothing is stored'),
    audio: unmapped(),
    moderation: unmapped(),
    prediction: unmapped(),
    prompt_cache_options: unmapped(),
    web_search_options: unmapped(),
    functions: unmapped('use tools'),
    function_call: unmapped('use tool_choice'),
  }),
);

/** In a union the reason lies in the branch that fits best: the one whose problem is deepest. */
function deepest(issue: z.core.$ZodIssue | undefined): { path: PropertyKey[]; message: string } | undefined {
  if (issue?.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const inner = issue.errors
    .map(([first]) => deepest(first))
    .filter(found => found !== undefined)
    .sort((one, other) => other.path.length - one.path.length)[0];
  return inner ? { ...inner, path: [...issue.path, ...inner.path] } : issue;
}
