import type { Answer } from '../answer.ts';
import type { BodyTool, MessagesBody, OfflineRequest } from '../request.ts';
import { answerArithmetic } from './arithmetic.ts';
import { type Conversation, readConversation } from './conversation.ts';
import { answerFacts } from './facts.ts';
import { limit } from './limit.ts';
import { answerProse } from './prose.ts';
import { sampleOf } from './sample.ts';

/** What the offline API answers when nobody scripted anything: no model, a few small patterns. */
export function defaultAnswer({ body }: OfflineRequest): Answer {
  const conversation = readConversation(body);
  const tool = demandedTool(body, conversation);
  if (tool) return [{ type: 'tool_use', name: tool.name, input: sampleOf(tool.input_schema) }];

  const format = body.output_config?.format;
  const text = format?.type === 'json_schema' ? JSON.stringify(sampleOf(format.schema)) : speak(conversation);
  return limit(text, body);
}

/** The tool that `tool_choice` demands, or the one the CLI adds for `--json-schema` (it demands none). */
function demandedTool({ tools, tool_choice: choice }: MessagesBody, conversation: Conversation) {
  const named = (name: string): BodyTool | undefined => tools?.find(tool => tool.name === name);
  if (choice?.type === 'any') return tools?.[0];
  if (choice?.type === 'tool') return named(choice.name ?? '');
  return conversation.toolResults.length === 0 ? named('StructuredOutput') : undefined;
}

function speak(conversation: Conversation): string {
  const echo = /^echo:\s*(.*)$/is.exec(conversation.prompt)?.[1];
  if (echo !== undefined) return echo.trimEnd();

  const answers = [answerToolResults, answerMedia, answerFacts, answerArithmetic, answerCount, answerProse];
  let text: string | undefined;
  for (const answer of answers) text ??= answer(conversation);
  text ??= introduction(conversation);
  return isPirate(conversation) ? `Arr, matey! ${text}` : text;
}

function isPirate({ system, prompt }: Conversation): boolean {
  return /\bpirate/i.test(system) || /\blike a pirate\b/i.test(prompt);
}

function answerToolResults({ toolResults }: Conversation): string | undefined {
  return toolResults.length > 0 ? `The tool answered: ${toolResults.join('\n')}` : undefined;
}

function answerMedia({ media }: Conversation): string | undefined {
  if (media.length === 0) return undefined;
  const list = media.map(({ mediaType, size }) => `${mediaType} (${size})`).join(', ');
  return `I received ${list}. I am the offline API, a stand-in, not Claude: I cannot see what it shows.`;
}

function answerCount({ prompt }: Conversation): string | undefined {
  const range = /\bcount (?:up )?(?:from )?(?:(\d+) )?(?:up )?to (\d+)\b/i.exec(prompt);
  if (!range) return undefined;
  const first = Number(range[1] ?? 1);
  const length = Math.min(Math.max(Number(range[2]) - first + 1, 0), maximumCount);
  return Array.from({ length }, (_, index) => first + index).join(', ');
}

const maximumCount = 1000;

function introduction({ prompt }: Conversation): string {
  const start = prompt.length > quotedLength ? `${prompt.slice(0, quotedLength).trimEnd()}…` : prompt;
  return `Hello! I am the offline API of claude-cli-stream, a stand-in, not Claude. You wrote: “${start}”`;
}

const quotedLength = 80;
