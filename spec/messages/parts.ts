import { setTimeout as sleep } from 'node:timers/promises';
import type Anthropic from '@anthropic-ai/sdk';
import type { Answer, AnswerBlock, MessageAnswer } from '../../lib/testing/index.ts';

export const weather = {
  name: 'get_weather',
  description: 'The weather in a city',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string', description: 'Name of the city' } },
    required: ['city'],
  },
};

export function turns(count: number): Anthropic.MessageParam[] {
  const exchanges = Array.from({ length: count - 1 }, (_, index): Anthropic.MessageParam[] => [
    user(`Question ${index}`),
    { role: 'assistant', content: [{ type: 'text', text: `Answer ${index}` }] },
  ]);
  return [...exchanges.flat(), user('The last question')];
}

/** Milliseconds; time enough for a CLI on a busy machine to be told something meanwhile. */
export const pause = 200;

/** Text that does not come in one burst with the end of its answer, as it does not from a model either. */
export function slowly(text: string): AsyncIterable<string> {
  return {
    async *[Symbol.asyncIterator]() {
      await sleep(pause);
      if (text) yield text;
    },
  };
}

/** A message whose id and usage do not depend on the request, so that two of them can be equal. */
export function says(
  content: string | readonly AnswerBlock[],
  rest: Partial<MessageAnswer> = {},
): MessageAnswer {
  return { id: 'msg_1', content, usage: { input_tokens: 25 }, ...rest };
}

export function user(content: string): Anthropic.MessageParam {
  return { role: 'user', content };
}

export function call(index: number) {
  return {
    type: 'tool_use' as const,
    id: `toolu_${index}`,
    name: 'get_weather',
    input: { city: `City "${index}" ä` },
  };
}

export function image(): Anthropic.ImageBlockParam {
  return { type: 'image', source: { type: 'base64', media_type: 'image/png', data: dot } };
}

const dot =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export const pdf: Anthropic.Base64PDFSource = {
  type: 'base64',
  media_type: 'application/pdf',
  data: Buffer.from('%PDF-1.4\n%%EOF').toString('base64'),
};

export function error(status: number, message: string): Answer {
  return { error: { status, message } };
}
