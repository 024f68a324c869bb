// Figures of every call in this process, as an object and for Prometheus.
import { getResponse } from 'claude-cli-stream';
import { collectMetrics } from 'claude-cli-stream/metrics';
import { registerPrometheusMetrics } from 'claude-cli-stream/prometheus';
import { Registry } from 'prom-client';

const metrics = collectMetrics();
const registry = new Registry();
registerPrometheusMetrics({ registry });

await getResponse('What is 2+2?');
await getResponse('What is 2+2?', { timeout: 10 }).catch(() => {});

const { total, successRate, latency, tokens, costUsd, errors } = metrics.read();
console.log({ total, successRate, p95: latency.p95, tokens, costUsd, errors });
console.log(await registry.getSingleMetricAsString('claude_cli_calls_total'));
