import * as z from 'zod';
import { inApiWords } from './in-api-words.ts';

const typed = z.looseObject({ type: z.string() });
const record = z.record(z.string(), z.unknown());

/** A text block, also of a system prompt. */
export const textBlock = z.looseObject({ type: z.literal('text'), text: z.string() });

const source = byType({
  base64: z.looseObject({ media_type: z.string(), data: z.string() }),
  url: z.looseObject({ url: z.string() }),
  file: z.looseObject({ file_id: z.string() }),
  text: z.looseObject({ media_type: z.string(), data: z.string() }),
});
const toolUse = z.looseObject({ id: z.string().min(1), name: z.string().min(1), input: record });

/** A content block of a message. */
export const contentBlock = byType({
  text: textBlock,
  image: z.looseObject({ source }),
  document: z.looseObject({ source }),
  tool_use: toolUse,
  server_tool_use: toolUse,
  tool_result: z.looseObject({
    tool_use_id: z.string().min(1),
    content: z.union([z.string(), z.array(typed)]).optional(),
    is_error: z.boolean().nullish(),
  }),
  thinking: z.looseObject({ thinking: z.string(), signature: z.string() }),
  redacted_thinking: z.looseObject({ data: z.string() }),
});

/** A tool of the caller has a name and a schema; a server tool has a type of its own, and whatever that asks for. */
export const toolSchema = z.looseObject({ type: z.string().nullish() }).superRefine((tool, context) => {
  if ((tool.type ?? 'custom') === 'custom') addIssues(customTool, tool, context);
});

const customTool = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: record,
});

/** Checks what is known. A type or a field that is new is passed on, for the API to judge. */
function byType(known: Record<string, z.ZodType>) {
  return typed.superRefine((value, context) => {
    const schema = Object.hasOwn(known, value.type) ? known[value.type] : undefined;
    if (schema) addIssues(schema, value, context);
  });
}

function addIssues(schema: z.ZodType, value: unknown, context: z.RefinementCtx): void {
  const { error } = schema.safeParse(value, { error: inApiWords });
  for (const issue of error?.issues ?? []) context.addIssue({ ...issue });
}
