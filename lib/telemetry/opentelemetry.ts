/**
 * A span and metrics of every call, for OpenTelemetry.
 * @module claude-cli-stream/opentelemetry
 */

import {
  type Attributes,
  type MeterProvider,
  metrics,
  SpanKind,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { Summary } from '../chunks.ts';
import { listen } from '../diagnostics.ts';
import { ClaudeCliError } from '../errors.ts';

/** Options of `instrumentOpenTelemetry()`. */
export interface OpenTelemetryOptions {
  /** Default: the global one. */
  tracerProvider?: TracerProvider;
  /** Default: the global one. */
  meterProvider?: MeterProvider;
}

const library = 'claude-cli-stream';

/**
 * A span and metrics for every call in this process, by the semantic conventions for generative AI (in development as
 * of 1.38): `gen_ai.client.token.usage`, `gen_ai.client.operation.duration` and
 * `gen_ai.client.operation.time_to_first_chunk`. No prompt and no answer is in them. A span is made when its call is
 * over, so it is a child of what is active where the events are read, and has no children.
 *
 * @returns a function that stops it.
 */
export function instrumentOpenTelemetry(options: OpenTelemetryOptions = {}): () => void {
  const tracer = (options.tracerProvider ?? trace).getTracer(library);
  const meter = (options.meterProvider ?? metrics).getMeter(library);
  const tokenUsage = meter.createHistogram('gen_ai.client.token.usage', {
    unit: '{token}',
    description: 'Number of input and output tokens used.',
    advice: { explicitBucketBoundaries: Array.from({ length: 14 }, (_, index) => 4 ** index) },
  });
  const duration = meter.createHistogram('gen_ai.client.operation.duration', {
    unit: 's',
    description: 'GenAI operation duration.',
    advice: { explicitBucketBoundaries: seconds },
  });
  const firstChunk = meter.createHistogram('gen_ai.client.operation.time_to_first_chunk', {
    unit: 's',
    description: 'Time to receive the first chunk.',
    advice: { explicitBucketBoundaries: seconds },
  });

  const record = (ms: number, attributes: Attributes, more: Attributes, failure?: string) => {
    duration.record(ms / 1000, { ...attributes, ...(failure !== undefined && { 'error.type': failure }) });
    const span = tracer.startSpan(nameOf(attributes), {
      kind: SpanKind.CLIENT,
      startTime: Date.now() - ms,
      attributes: { ...attributes, ...more, ...(failure !== undefined && { 'error.type': failure }) },
    });
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };

  return listen({
    'first-text': ({ ms }) => firstChunk.record(ms / 1000, operation),
    end({ ms, summary }) {
      const attributes = { ...operation, ...modelOf(summary) };
      const { input, output } = tokensOf(summary);
      tokenUsage.record(input, { ...attributes, 'gen_ai.token.type': 'input' });
      tokenUsage.record(output, { ...attributes, 'gen_ai.token.type': 'output' });
      record(ms, attributes, {
        'gen_ai.conversation.id': summary.sessionId,
        'gen_ai.response.finish_reasons': [summary.stopReason],
        'gen_ai.usage.input_tokens': input,
        'gen_ai.usage.output_tokens': output,
      });
    },
    error: ({ ms, error }) => record(ms, operation, {}, typeOf(error)),
  });
}

/** The boundaries the conventions ask for. */
const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

const operation: Attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic' };

function nameOf(attributes: Attributes): string {
  const model = attributes['gen_ai.response.model'];
  return model === undefined ? 'chat' : `chat ${model}`;
}

/** The model that wrote most of the answer: a call may use a small one beside it. */
function modelOf({ usage }: Summary): Attributes {
  const [first] = Object.entries(usage).sort(([, one], [, other]) => other.outputTokens - one.outputTokens);
  return first ? { 'gen_ai.response.model': first[0] } : {};
}

/** By the conventions, input tokens are all of them, whether or not they came from the prompt cache. */
function tokensOf({ usage }: Summary): { input: number; output: number } {
  let [input, output] = [0, 0];
  for (const model of Object.values(usage)) {
    input += model.inputTokens + model.cacheReadInputTokens + model.cacheCreationInputTokens;
    output += model.outputTokens;
  }
  return { input, output };
}

function typeOf(error: unknown): string {
  if (error instanceof ClaudeCliError) return error.code;
  return error instanceof Error ? error.name : '_OTHER';
}
