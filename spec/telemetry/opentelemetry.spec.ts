import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
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
  const spans = new InMemorySpanExporter();
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const reader = new PeriodicExportingMetricReader({ exporter: measured });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const stop = instrumentOpenTelemetry({ tracerProvider, meterProvider });
  try {
    for await (const _ of streamResponse('a b', echo));
    const failing = streamResponse('fail', echo);
    await expect(async () => {
      for await (const _ of failing);
    }).rejects.toThrow('Asked to fail');
    await meterProvider.forceFlush();

    const [answered, failed] = spans.getFinishedSpans();
    expect(answered).toMatchObject({
      name: 'chat echo',
      kind: SpanKind.CLIENT,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.response.model': 'echo',
        'gen_ai.response.finish_reasons': ['end_turn'],
        'gen_ai.conversation.id': 'echo',
        'gen_ai.usage.input_tokens': 3,
        'gen_ai.usage.output_tokens': 2,
      },
    });
    expect(JSON.stringify(answered?.attributes)).not.toContain('a b');
    expect(failed).toMatchObject({
      name: 'chat',
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'API_ERROR' },
    });
    const names = measured
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
      .map(({ descriptor, dataPoints }) => `${descriptor.name} ${descriptor.unit} ${dataPoints.length}`);
    expect(names.sort()).toEqual([
      'gen_ai.client.operation.duration s 2',
      'gen_ai.client.operation.time_to_first_chunk s 1',
      'gen_ai.client.token.usage {token} 2',
    ]);
  } finally {
    stop();
    await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
  }
});
