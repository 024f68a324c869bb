import { readFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { ClaudeCliError } from '../../lib/errors.ts';
import { createPool } from '../../lib/index.ts';
import { createLog } from '../../lib/server/index.ts';
import { createReadiness } from '../../lib/server/sign-in.ts';
import { failures } from '../../lib/testing/index.ts';
import { memoryLog } from './memory-log.ts';
import { open, question, rawPost, readAll, readUntil, sendRaw } from './raw.ts';
import { startServer } from './stand-in.ts';

const json = { 'content-type': 'application/json' };
const secret = 'a-token-of-enough-length';

describe('/health and /ready', () => {
  it('say that the server is alive, and that it can answer', async () => {
    await using server = await startServer();
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${server.url}/ready`)).json()).toEqual({ status: 'ready' });
  });

  it('say why it cannot: nobody is signed in, or there is no CLI', async () => {
    const signedOut = async () => ({ signedIn: false, method: 'none' });
    await using one = await startServer({ checkSignIn: signedOut });
    const response = await fetch(`${one.url}/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not ready', reason: 'the Claude CLI is not signed in' });
    expect((await fetch(`${one.url}/health`)).status).toBe(200);

    const missing = async () => {
      throw new ClaudeCliError('CLI_NOT_FOUND', 'looked at /home/me/secret');
    };
    await using other = await startServer({ checkSignIn: missing });
    const text = await (await fetch(`${other.url}/ready`)).text();
    expect(text).toContain('CLI_NOT_FOUND');
    expect(text).not.toContain('/home/me');
  });

  it('ask the CLI once for many probes, and again when the answer is old', async () => {
    let [asked, time, signedIn] = [0, 0, false];
    const readiness = createReadiness(
      async () => {
        asked += 1;
        return { signedIn, method: 'api_key' };
      },
      () => time,
    );
    await Promise.all([readiness(), readiness(), readiness()]);
    expect(asked).toBe(1);
    signedIn = true;
    time += 6_000;
    expect([await readiness(), await readiness(), asked]).toEqual([undefined, undefined, 2]);
    time += 59_000;
    await readiness();
    expect(asked).toBe(2);
    time += 2_000;
    await readiness();
    expect(asked).toBe(3);
  });
});

describe('/metrics', () => {
  it('counts requests, tokens, times and errors, and knows no names a client made up', async () => {
    await using server = await startServer();
    const client = new Anthropic({ baseURL: server.url, apiKey: 'any', authToken: null, maxRetries: 0 });
    const { usage } = await client.messages.stream(JSON.parse(question)).finalMessage();
    server.api.reply(failures.overloaded);
    await client.messages.create({ ...JSON.parse(question), model: 'made-up' }).catch(() => {});
    await fetch(`${server.url}/made-up`);
    const text = await (await fetch(`${server.url}/metrics`)).text();

    const ok = 'route="/v1/messages",model="claude-opus-5-5",status="200"';
    expect(text).toContain(`claude_cli_stream_requests_total{${ok}} 1`);
    expect(text).toContain(`claude_cli_stream_request_duration_seconds_count{${ok}} 1`);
    const model = 'model="claude-opus-5-5"';
    expect(text).toContain(`claude_cli_stream_first_token_seconds_count{route="/v1/messages",${model}} 1`);
    expect(text).toContain(`claude_cli_stream_tokens_total{${model},kind="output"} ${usage.output_tokens}`);
    expect(text).toContain(
      'claude_cli_stream_requests_total{route="/v1/messages",model="none",status="529"} 1',
    );
    expect(text).toContain('claude_cli_stream_errors_total{type="overloaded_error"} 1');
    for (const name of ['queue_size', 'queue_pending', 'answers_running'])
      expect(text).toContain(`claude_cli_stream_${name} 0`);
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toContain('made-up');
  });
});

it('the documentation names every metric there is', async () => {
  await using pool = createPool({ warm: 0 });
  await using server = await startServer({ pool });
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const names = [...text.matchAll(/^# TYPE (claude_\w+)/gm)].map(([, name]) => name);
  const page = readFileSync(new URL('../../docs/server.md', import.meta.url), 'utf8');
  const told = [...page.matchAll(/`(claude_cli_(?:stream_|calls?_)\w+)`/g)].map(([, name]) => name);
  expect(told.sort()).toEqual(names.sort());
});

describe('the log', () => {
  it('has one JSON line per request, with facts and without content', async () => {
    const { lines, options } = memoryLog();
    await using server = await startServer({ logger: createLog(options), token: secret });
    const headers = { ...json, 'x-api-key': secret };
    const body = question.replace('What is 2+2?', 'echo: my secret prompt');
    const url = `${server.url}/v1/messages?secret=query`;
    const response = await fetch(url, { method: 'POST', headers, body });
    expect(await response.text()).toContain('my secret prompt');
    server.api.reply(failures.stallMidStream);
    const stream = body.replace('{', '{"stream":true,');
    const socket = await open(server.port);
    socket.write(rawPost(stream, headers, '/v1/messages?secret=query'));
    await readUntil(socket, text => text.includes('text_delta'));
    server.api.requests.at(-1)?.reset();
    await readAll(socket);

    await expect.poll(() => lines.length).toBe(2);
    const [whole, broken] = lines.map(line => JSON.parse(line));
    expect(whole).toMatchObject({
      msg: 'request',
      id: expect.stringMatching(/^req_/),
      route: '/v1/messages',
      status: 200,
      model: 'claude-opus-5-5',
      stream: false,
      outcome: 'complete',
      stopReason: 'end_turn',
      inputTokens: expect.any(Number),
      outputTokens: expect.any(Number),
      durationMs: expect.any(Number),
    });
    expect(broken).toMatchObject({ outcome: 'failed', stream: true, firstTokenMs: expect.any(Number) });
    expect(lines.join()).not.toMatch(/secret|my secret prompt/);
    expect(lines.join()).not.toContain(secret);
  });

  it('has a line for a request that is none, too', async () => {
    const { lines, options } = memoryLog();
    await using server = await startServer({ logger: createLog(options) });
    const answers = [
      await sendRaw(server.port, 'hello\r\n\r\n'),
      await sendRaw(server.port, 'OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
    ];
    await expect.poll(() => lines.length).toBe(2);
    for (const [index, answer] of answers.entries()) {
      const line = JSON.parse(lines[index] ?? '');
      expect(line).toMatchObject({ msg: 'request', route: 'other', status: 400 });
      expect(answer).toContain(`request-id: ${line.id}`);
    }
  });

  it('is short in a terminal, and quiet about probes unless asked', async () => {
    const { lines, options } = memoryLog({ isTTY: true });
    await using server = await startServer({ logger: createLog(options) });
    await fetch(`${server.url}/health`);
    await (
      await fetch(`${server.url}/v1/messages`, { method: 'POST', headers: json, body: question })
    ).text();
    await (await fetch(`${server.url}/nowhere`)).text();
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[0]).toMatch(
      /^[\d:]{8} {2}POST {2}\/v1\/messages {2}200 {2}[\d.]+ ms {2}claude-opus-5-5 {2}\d+ > \d+ tokens$/,
    );
    expect(lines[1]).toMatch(/GET {2}other {2}404/);
  });

  it('names a failure of the handler without its message', async () => {
    const { lines, options } = memoryLog();
    const handler = () => {
      throw new TypeError('with a prompt in it');
    };
    await using server = await startServer({ logger: createLog(options), handler });
    expect((await fetch(`${server.url}/v1/models`)).status).toBe(500);
    await expect.poll(() => lines.length).toBe(2);
    expect(lines.join()).toContain('TypeError');
    expect(lines.join()).not.toContain('prompt');
  });
});
