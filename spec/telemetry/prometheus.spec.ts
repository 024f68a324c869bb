import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { streamResponse } from '../../lib/stream-response.ts';
import { registerPrometheusMetrics } from '../../lib/telemetry/prometheus.ts';

const echo = { pathToClaudeCodeExecutable: new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname };

it('counts calls in a registry, and takes its metrics out again', async () => {
  const registry = new Registry();
  const stop = registerPrometheusMetrics({ registry });
  for await (const _ of streamResponse('a b', echo));
  const failing = streamResponse('fail', echo);
  await expect(async () => {
    for await (const _ of failing);
  }).rejects.toThrow('Asked to fail');
  const text = await registry.metrics();
  expect(text).toContain('claude_cli_calls_total{outcome="ok"} 1');
  expect(text).toContain('claude_cli_calls_total{outcome="API_ERROR"} 1');
  expect(text).toContain('claude_cli_call_cost_usd_total{model="echo"} 0.02');
  expect(text).toContain('claude_cli_call_tokens_total{model="echo",kind="output"} 4');
  expect(text).toContain('claude_cli_call_duration_seconds_count 1');
  stop();
  expect(await registry.metrics()).toBe('\n');
});
