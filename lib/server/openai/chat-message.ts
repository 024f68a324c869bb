import { z } from 'zod';
import { only, unmapped, withoutNulls } from './fields.ts';

export type ChatMessage = z.infer<typeof chatMessage>;
export type UserPart = z.infer<typeof userPart>;

// A hint to OpenAI's own cache: it changes no answer.
const prompt_cache_breakpoint = z.unknown().optional();
const textPart = z
  .strictObject({ type: z.literal('text'), text: z.string(), prompt_cache_breakpoint })
  .transform(({ type, text }) => ({ type, text }));
const texts = z.union([z.string(), z.array(textPart)]);
const userPart = z.discriminatedUnion(
  'type',
  [
    textPart,
    z.strictObject({
      type: z.literal('image_url'),
      image_url: z.strictObject({ url: z.string(), detail: only('auto') }),
      prompt_cache_breakpoint,
    }),
    z.strictObject({
      type: z.literal('file'),
      prompt_cache_breakpoint,
      file: z.strictObject({
        file_data: z.string({ error: 'is needed: a data URL of a PDF' }),
        filename: z.string().optional(),
        file_id: unmapped('uploaded files are not known here, send file_data'),
      }),
    }),
  ],
  { error: 'cannot be mapped: text, image_url and file parts can' },
);

const toolCall = z.object({
  id: z.string(),
  type: z.literal('function', { error: 'only "function" can be mapped' }),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
const name = unmapped('messages have no author names');
/** One of a request's `messages`. */
export const chatMessage = withoutNulls(
  z.discriminatedUnion('role', [
    z.strictObject({ role: z.enum(['system', 'developer']), content: texts, name }),
    z.strictObject({ role: z.literal('user'), content: z.union([z.string(), z.array(userPart)]), name }),
    z.strictObject({
      role: z.literal('assistant'),
      content: texts.optional(),
      tool_calls: z.array(toolCall).optional(),
      refusal: unmapped('a refusal is no message of its own'),
      // The SDK adds these two to what it gives back, so they come back with the next request.
      parsed: z.unknown().optional(),
      annotations: z.array(z.never()).optional(),
      function_call: unmapped('use tool_calls'),
      audio: unmapped(),
      name,
    }),
    z.strictObject({ role: z.literal('tool'), content: texts, tool_call_id: z.string() }),
  ]),
);
