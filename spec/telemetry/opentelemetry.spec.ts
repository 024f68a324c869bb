import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect, it } from 'vitest';
import { streamResponse } from '../../lib/stream-response.ts';
import { instrumentOpenTelemetry } from '../../lib/telemetry/opentelemetry.ts';

const echo = { pathToClaudeCodeExecutable: new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname };

it('makes a span and metrics of each call by the conventions for generative AI', async () => {
  const startedAt = Date.now();
  const spans = new InMemorySpanExporter();
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const reader = new PeriodicExportingMetricReader({ exporter: measured });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const stop = instrumentOpenTelemetry({ tracerProvider, meterProvider });
  try {
    for await (const _ of streamResponse('a b', { ...echo, model: 'echo-latest' }));
    for await (const event of streamResponse('a b', echo)) if (event.type === 'text') break;
    const failing = streamResponse('fail', echo);
    await expect(async () => {
      for await (const _ of failing);
    }).rejects.toThrow('Asked to fail');
    await meterProvider.forceFlush();

    const [answered, left, failed] = spans.getFinishedSpans();
    expect(answered).toMatchObject({
      name: 'chat echo-latest',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': 'echo-latest',
        'gen_ai.request.stream': true,
        'gen_ai.response.model': 'echo',
        'gen_ai.response.finish_reasons': ['end_turn'],
        'gen_ai.response.time_to_first_chunk': expect.any(Number),
        'gen_ai.conversation.id': 'echo',
        'gen_ai.usage.input_tokens': 3,
        'gen_ai.usage.output_tokens': 2,
        'gen_ai.usage.cache_read.input_tokens': 0,
        'gen_ai.usage.cache_creation.input_tokens': 0,
      },
    });
    const [seconds = 0] = answered?.startTime ?? [];
    expect(seconds).toBeGreaterThanOrEqual(Math.floor(startedAt / 1000));
    expect(JSON.stringify(answered?.attributes)).not.toContain('a b');
    expect(left).toMatchObject({ name: 'chat', status: { code: SpanStatusCode.UNSET } });
    expect(left?.attributes).not.toHaveProperty('error.type');
    expect(failed).toMatchObject({
      name: 'chat',
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'API_ERROR', 'gen_ai.usage.input_tokens': 3 },
    });
    const points = measured
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
      .flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        dataPoints.map(({ attributes }) => [`${name} ${unit}`, attributes] as const),
      );
    const ofMetric = (name: string) => points.filter(([found]) => found === name).map(([, found]) => found);
    const common = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic' };
    const asked = { ...common, 'gen_ai.request.model': 'echo-latest' };
    const model = { 'gen_ai.response.model': 'echo' };
    expect(ofMetric('gen_ai.client.operation.duration s')).toEqual([
      { ...asked, ...model },
      common,
      { ...common, ...model, 'error.type': 'API_ERROR' },
    ]);
    expect(ofMetric('gen_ai.client.operation.time_to_first_chunk s')).toEqual([asked, common]);
    expect(ofMetric('gen_ai.client.token.usage {token}')).toEqual(
      [asked, common].flatMap(call =>
        ['input', 'output'].map(type => ({ ...call, ...model, 'gen_ai.token.type': type })),
      ),
    );
  } finally {
    stop();
    await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
  }
});

it('makes the span a child of what is active when the call begins, and stops', async () => {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  context.setGlobalContextManager(asyncContext());
  const stop = instrumentOpenTelemetry({ tracerProvider });
  const tracer = tracerProvider.getTracer('spec');
  try {
    const parent = tracer.startSpan('parent');
    await context.with(trace.setSpan(context.active(), parent), async () => {
      for await (const _ of streamResponse('a b', echo));
    });
    const [child] = spans.getFinishedSpans();
    expect(child?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
    stop();
    for await (const _ of streamResponse('a b', echo));
    expect(spans.getFinishedSpans()).toHaveLength(1);
  } finally {
    stop();
    context.disable();
    await tracerProvider.shutdown();
  }
});

/** What `@opentelemetry/context-async-hooks` is. */
function asyncContext(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.apply(self, args)),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
