import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { rules } from '../../lib/option-rules.ts';
import type { StreamOptions } from '../../lib/options.ts';
import { callKey, isRepeatable, requestKey } from '../../lib/stores/cache-key.ts';

const echo = { pathToClaudeCodeExecutable: new URL('../fixtures/echo-cli.mjs', import.meta.url).pathname };
const keyOf = (options: StreamOptions = {}, tenant?: string) =>
  callKey('hello', { ...echo, ...options }, tenant);
afterEach(() => vi.unstubAllEnvs());

/** What an option does to a cached call: it is part of the key, the call goes past the cache, or nothing. */
const effects: { [Name in keyof Required<StreamOptions>]: ['key' | 'past' | 'none', StreamOptions[Name]] } = {
  model: ['key', 'opus'],
  systemPrompt: ['key', 'Be brief.'],
  appendSystemPrompt: ['key', 'Be brief.'],
  maxTurns: ['key', 2],
  effort: ['key', 'low'],
  thinking: ['key', { type: 'disabled' }],
  temperature: ['key', 0.5],
  topP: ['key', 0.5],
  topK: ['key', 5],
  stopSequences: ['key', ['END']],
  maxOutputTokens: ['key', 100],
  outputSchema: ['key', { type: 'object' }],
  allowedTools: ['key', ['Read']],
  disallowedTools: ['key', ['Read']],
  permissionMode: ['key', 'plan'],
  cwd: ['key', '/tmp'],
  env: ['key', { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' }],
  tools: ['past', ['Read']],
  mcpServers: ['past', { files: { command: 'files' } }],
  settingSources: ['past', ['user']],
  extraArgs: ['past', { continue: null }],
  resume: ['past', 'a session'],
  sessionId: ['past', '00000000-0000-4000-8000-000000000000'],
  persistSession: ['past', true],
  maxBudgetUsd: ['none', 1],
  pathToClaudeCodeExecutable: ['none', echo.pathToClaudeCodeExecutable],
  onStderr: ['none', () => {}],
  signal: ['none', new AbortController().signal],
  timeout: ['none', 1_000],
  timeoutFrom: ['none', 'slot'],
  idleTimeout: ['none', 1_000],
  retry: ['none', { attempts: 2 }],
  cliRetries: ['none', 0],
  limiter: ['none', undefined],
  pool: ['none', undefined],
  priority: ['none', 1],
  maxPromptLength: ['none', 1_000],
  maxLineLength: ['none', 10_000],
};

describe('callKey()', () => {
  it('knows every option', () => {
    expect(Object.keys(effects).sort()).toEqual(Object.keys(rules).sort());
  });

  const cases = Object.entries(effects).map(([name, [effect, value]]) => ({ name, effect, value }));
  it.each(cases)('$name: $effect', async ({ name, effect, value }) => {
    const options = { [name]: value };
    expect(isRepeatable('hello', options)).toBe(effect !== 'past');
    expect((await keyOf(options)) === (await keyOf())).toBe(effect === 'none');
  });

  it('is 64 hex digits, the same for whatever order things are named in', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string', title: 'A' } } };
    const turned = { properties: { a: { title: 'A', type: 'string' } }, type: 'object' };
    const key = await keyOf({ model: 'opus', outputSchema: schema });
    expect(key).toMatch(/^[\da-f]{64}$/);
    expect(await keyOf({ outputSchema: turned, model: 'opus' })).toBe(key);
  });

  it('changes with the prompt, the tenant and the version of the CLI', async () => {
    const other = join(mkdtempSync(join(tmpdir(), 'cache-key-spec-')), 'claude');
    writeFileSync(other, '#!/bin/sh\necho 2.1.331\n', { mode: 0o755 });
    const keys = await Promise.all([
      keyOf(),
      keyOf({}, 'one'),
      keyOf({}, 'two'),
      keyOf({ pathToClaudeCodeExecutable: other }),
      callKey('Hello', echo, undefined),
      callKey([{ type: 'text', text: 'hello' }], echo, undefined),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    rmSync(dirname(other), { recursive: true });
  });

  it('follows the variables that the CLI gets, also one that a call removes', async () => {
    const plain = await keyOf();
    vi.stubEnv('ANTHROPIC_MODEL', 'opus');
    const stubbed = await keyOf();
    expect(stubbed).not.toBe(plain);
    expect(await keyOf({ env: { ANTHROPIC_MODEL: undefined } })).toBe(plain);
    vi.stubEnv('ANTHROPIC_MODEL', 'sonnet');
    expect(await keyOf({ env: { ANTHROPIC_MODEL: 'opus' } })).toBe(stubbed);
    vi.stubEnv('UNRELATED', 'value');
    expect(await keyOf({ env: { ANTHROPIC_MODEL: 'opus' } })).toBe(stubbed);
  });
});

describe('isRepeatable()', () => {
  it('is false when the model sees the files of a directory', () => {
    const preset = { type: 'preset', preset: 'claude_code' } as const;
    expect(isRepeatable('hello', { systemPrompt: preset })).toBe(true);
    expect(isRepeatable('hello', { systemPrompt: preset, cwd: '/tmp' })).toBe(false);
  });

  it('is false for a conversation', () => {
    async function* conversation() {
      yield 'hello';
    }
    expect(isRepeatable(conversation(), {})).toBe(false);
  });
});

describe('requestKey()', () => {
  it('changes with the body, the headers that count, the tenant, and how the handler runs the CLI', async () => {
    const key = (fields: object = {}, headers: Record<string, string> = {}, more: object = {}) => {
      const body = JSON.stringify({ model: 'opus', max_tokens: 10, ...fields });
      const request = new Request('http://127.0.0.1/v1/messages', { method: 'POST', headers });
      return requestKey(request, body, {
        ...more,
        cli: { ...echo, ...('cli' in more && (more.cli as object)) },
      });
    };
    const keys = await Promise.all([
      key(),
      key({ stream: true }),
      key({ system: 'Be brief.' }),
      key({ tools: [{ name: 'a' }] }),
      key({ temperature: 0.5 }),
      key({ metadata: { user_id: 'one' } }),
      key({}, { 'anthropic-version': '2023-06-01' }),
      key({}, { 'anthropic-beta': 'one' }),
      key({}, { 'x-api-key': 'one' }),
      key({}, { authorization: 'Bearer one' }),
      key({}, {}, { tenant: 'one' }),
      key({}, {}, { cli: { transport: 'exact' } }),
      key({}, {}, { cli: { cwd: '/tmp' } }),
      key({}, {}, { cli: { env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' } } }),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(await key({}, { 'user-agent': 'another', 'x-stainless-retry-count': '1' })).toBe(keys[0]);
  });
});
