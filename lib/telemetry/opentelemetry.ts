/**
 * Spans and metrics of every call, for OpenTelemetry.
 * @module claude-cli-stream/opentelemetry
 */

import {
  type Attributes,
  type MeterProvider,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { ModelUsage } from '../chunks.ts';
import { listen } from '../diagnostics.ts';
import { ClaudeCliError } from '../errors.ts';
import { countTokens, type TokenCounts } from '../token-counts.ts';

/** Options of `instrumentOpenTelemetry()`. */
export interface OpenTelemetryOptions {
  /** Default: the global one. */
  tracerProvider?: TracerProvider;
  /** Default: the global one. */
  meterProvider?: MeterProvider;
}

/** A call that is running. */
interface Call {
  span: Span;
  /** What every span and metric of the call says. */
  common: Attributes;
  /** Of its turns so far. */
  usage: Record<string, ModelUsage>[];
}

/**
 * A span and metrics for every call in this process, by the semantic conventions for generative AI (in development as
 * of 1.42): `gen_ai.client.token.usage`, `gen_ai.client.operation.duration` and
 * `gen_ai.client.operation.time_to_first_chunk`. No prompt and no answer is in them. A span is a child of what is active
 * when its call begins.
 *
 * @returns a function that stops it.
 */
export function instrumentOpenTelemetry(options: OpenTelemetryOptions = {}): () => void {
  const tracer = (options.tracerProvider ?? trace).getTracer(library);
  const { tokenUsage, duration, firstChunk } = createInstruments(options.meterProvider ?? metrics);
  const calls = new Map<string, Call>();

  const finish = (callId: string, ms: number, more: Attributes, failure?: string) => {
    const call = calls.get(callId);
    if (!call) return;
    calls.delete(callId);
    const error = failure !== undefined && { 'error.type': failure };
    const model = modelOf(call.usage);
    duration.record(ms / 1000, { ...call.common, ...model, ...error });
    call.span.setAttributes({ ...model, ...usageAttributes(call.usage), ...more, ...error });
    if (error) call.span.setStatus({ code: SpanStatusCode.ERROR });
    call.span.end();
  };

  const stop = listen({
    start({ callId, model }) {
      const common = { ...operation(), ...(model !== undefined && { 'gen_ai.request.model': model }) };
      const span = tracer.startSpan(model === undefined ? 'chat' : `chat ${model}`, {
        kind: SpanKind.CLIENT,
        attributes: { ...common, 'gen_ai.request.stream': true },
      });
      calls.set(callId, { span, common, usage: [] });
    },
    'first-text'({ callId, ms }) {
      const call = calls.get(callId);
      if (!call) return;
      firstChunk.record(ms / 1000, call.common);
      call.span.setAttribute('gen_ai.response.time_to_first_chunk', ms / 1000);
    },
    usage({ callId, usage }) {
      const call = calls.get(callId);
      const model = modelOf([usage]);
      if (!call || !model) return;
      call.usage.push(usage);
      const { input, output } = tokensOf([usage]);
      tokenUsage.record(input, { ...call.common, ...model, 'gen_ai.token.type': 'input' });
      tokenUsage.record(output, { ...call.common, ...model, 'gen_ai.token.type': 'output' });
    },
    end({ callId, ms, summary: { stopReason, sessionId } }) {
      finish(callId, ms, {
        'gen_ai.response.finish_reasons': [stopReason],
        ...(sessionId !== '' && { 'gen_ai.conversation.id': sessionId }),
      });
    },
    error: ({ callId, ms, error }) => finish(callId, ms, {}, typeOf(error)),
    left: ({ callId, ms }) => finish(callId, ms, {}),
  });
  return () => {
    stop();
    for (const { span } of calls.values()) span.end();
    calls.clear();
  };
}

const library = 'claude-cli-stream';

/** With the boundaries the conventions ask for. */
function createInstruments(provider: Pick<MeterProvider, 'getMeter'>) {
  const meter = provider.getMeter(library);
  const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
  const tokens = Array.from({ length: 14 }, (_, index) => 4 ** index);
  const histogram = (name: string, unit: string, description: string, boundaries: number[]) =>
    meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: boundaries } });
  return {
    tokenUsage: histogram(
      'gen_ai.client.token.usage',
      '{token}',
      'Number of input and output tokens used.',
      tokens,
    ),
    duration: histogram('gen_ai.client.operation.duration', 's', 'GenAI operation duration.', seconds),
    firstChunk: histogram(
      'gen_ai.client.operation.time_to_first_chunk',
      's',
      'Time to receive the first chunk.',
      seconds,
    ),
  };
}

function operation(): Attributes {
  const { CLAUDE_CODE_USE_BEDROCK, CLAUDE_CODE_USE_VERTEX } = process.env;
  const cloud = CLAUDE_CODE_USE_BEDROCK ? 'aws.bedrock' : CLAUDE_CODE_USE_VERTEX && 'gcp.vertex_ai';
  return { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': cloud || 'anthropic' };
}

/** The model that wrote most: a call may use a small one beside it. */
function modelOf(usage: readonly Record<string, ModelUsage>[]): Attributes | undefined {
  const models = usage.flatMap(turn => Object.entries(turn));
  const [most] = models.sort(([, one], [, other]) => other.outputTokens - one.outputTokens);
  return most && { 'gen_ai.response.model': most[0] };
}

function usageAttributes(usage: readonly Record<string, ModelUsage>[]): Attributes {
  if (usage.length === 0) return {};
  const { input, output, cacheRead, cacheCreation } = tokensOf(usage);
  return {
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.usage.cache_read.input_tokens': cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': cacheCreation,
  };
}

/** By the conventions, input tokens are all of them, whether or not they came from the prompt cache. */
function tokensOf(usage: readonly Record<string, ModelUsage>[]): TokenCounts {
  const counts = countTokens(usage);
  return { ...counts, input: counts.input + counts.cacheRead + counts.cacheCreation };
}

function typeOf(error: unknown): string {
  if (error instanceof ClaudeCliError) return error.code;
  return error instanceof Error ? error.name : '_OTHER';
}
