import { describe, expect, it } from 'vitest';
import { createLimiter } from '../lib/limiter.ts';
import { resolveOptions, type StreamOptions } from '../lib/options.ts';

const uuid = '00000000-0000-4000-8000-000000000000';

/** For each option: values it takes, and values it does not. */
const cases: { [Name in keyof Required<StreamOptions>]?: [good: unknown[], bad: unknown[]] } = {
  model: [
    ['opus', 'claude-x'],
    ['', 1, null, {}],
  ],
  systemPrompt: [
    [
      '',
      'text',
      { type: 'preset', preset: 'claude_code' },
      { type: 'preset', preset: 'claude_code', append: 'x' },
    ],
    [1, null, [], { type: 'preset' }, { type: 'preset', preset: 'claude_code', append: 1 }],
  ],
  appendSystemPrompt: [['text'], ['', 1]],
  maxTurns: [
    [1, 99],
    [0, -1, 1.5, '1', Number.NaN, Number.POSITIVE_INFINITY],
  ],
  maxBudgetUsd: [
    [0.01, 5],
    [0, -1, '5', Number.POSITIVE_INFINITY],
  ],
  effort: [
    ['low', 'medium', 'high', 'xhigh', 'max'],
    ['', 'LOW', 3],
  ],
  thinking: [
    [{ type: 'adaptive' }, { type: 'disabled' }, { type: 'enabled', budgetTokens: 1024 }],
    [true, { type: 'enabled' }, { type: 'enabled', budgetTokens: 1023 }, { type: 'other' }, 'enabled'],
  ],
  temperature: [
    [0, 0.5, 1],
    [-0.1, 1.1, '0', Number.NaN],
  ],
  topP: [
    [0, 1],
    [-1, 2],
  ],
  topK: [
    [0, 40],
    [-1, 1.5],
  ],
  stopSequences: [
    [[], ['x', 'y']],
    ['x', [''], [1]],
  ],
  maxOutputTokens: [
    [1, 100_000],
    [0, -5, 2.5],
  ],
  outputSchema: [[{ type: 'object' }], [[], 'x', null, true]],
  tools: [
    [[], ['Read']],
    ['Read', [''], [null]],
  ],
  allowedTools: [[['Bash(git *)']], ['Read']],
  disallowedTools: [[['Bash']], [{}]],
  mcpServers: [
    [{}, { files: { command: 'x', args: ['-y'] } }, { web: { type: 'http', url: 'http://127.0.0.1' } }],
    [[], { files: {} }, { web: { type: 'sse' } }, { 'a b': { command: 'x' } }, { files: 'x' }],
  ],
  permissionMode: [
    ['default', 'acceptEdits', 'plan', 'dontAsk', 'bypassPermissions'],
    ['auto', true],
  ],
  settingSources: [
    [[], ['user', 'project', 'local']],
    ['user', ['global']],
  ],
  cwd: [['/'], ['/nowhere/at/all', '/etc/passwd', 1, '']],
  env: [
    [{}, { A: 'x', B: undefined }],
    [{ A: 1 }, [], 'A=x'],
  ],
  resume: [['id'], ['', 1]],
  sessionId: [[uuid], ['abc', 1]],
  persistSession: [
    [true, false],
    [1, 'true'],
  ],
  pathToClaudeCodeExecutable: [['/bin/claude'], ['', 1]],
  extraArgs: [
    [{}, { 'debug-file': 'x', chrome: null }],
    [{ '--x': 'y' }, { x: 1 }, { 'output-format': 'json' }, []],
  ],
  onStderr: [[() => {}], ['x', {}]],
  signal: [[new AbortController().signal], [{}, new AbortController(), 'x']],
  timeout: [
    [1, 0.5, 2_147_483_647],
    [0, -1, 2_147_483_648, Number.POSITIVE_INFINITY, '1'],
  ],
  timeoutFrom: [
    ['call', 'slot'],
    ['start', 1],
  ],
  idleTimeout: [
    [1, Number.POSITIVE_INFINITY],
    [0, -1, Number.NaN, '1'],
  ],
  retry: [
    [{}, { attempts: 1, minDelay: 0, maxDelay: 0, jitter: 1, afterText: true, onRetry: () => {} }],
    [true, 3, { attempts: 0 }, { jitter: 2 }, { minDelay: -1 }, { onRetry: 1 }, { times: 3 }],
  ],
  cliRetries: [
    [0, 10],
    [-1, 1.5],
  ],
  limiter: [[createLimiter()], [{}, 5]],
  priority: [
    [-1, 0, 2.5],
    ['high', Number.NaN],
  ],
  maxPromptLength: [[1], [0, Number.POSITIVE_INFINITY]],
  maxLineLength: [[1024], [1023]],
};

describe.each(Object.entries(cases))('%s', (name, [good, bad]) => {
  it('takes what it says', () => {
    for (const value of good) expect(resolveOptions({ [name]: value })).toHaveProperty([name], value);
  });

  it('refuses anything else, naming the option, the value and what it takes', () => {
    for (const value of bad) {
      const refused = expect(() => resolveOptions({ [name]: value }), JSON.stringify(value));
      refused.toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', option: name, value, retryable: false }),
      );
      refused.toThrow(new RegExp(`^Invalid ${name}: got .* but ${name} takes .{4,}`));
    }
  });

  it('may be undefined, which is as good as not given', () => {
    expect(resolveOptions({ [name]: undefined })).toEqual(resolveOptions());
  });
});

it('the defaults are the safe ones', () => {
  expect(resolveOptions()).toMatchObject({
    tools: [],
    allowedTools: [],
    disallowedTools: [],
    mcpServers: {},
    settingSources: [],
    env: {},
    persistSession: false,
    extraArgs: {},
    idleTimeout: 600_000,
    maxPromptLength: 10_000_000,
    maxLineLength: 67_108_864,
  });
  for (const name of ['model', 'systemPrompt', 'permissionMode', 'retry', 'timeout']) {
    expect(resolveOptions()).not.toHaveProperty([name]);
  }
});

it('an unknown name is refused, with the names there are', () => {
  expect(() => resolveOptions({ sytemPrompt: 'x' } as StreamOptions)).toThrow(
    /^Invalid sytemPrompt: .*no such option\. The options are model, systemPrompt,/,
  );
  expect(() => resolveOptions(Object.fromEntries([['toString', 'x']]))).toThrow(/no such option/);
});

it.each([null, [], 'text', 5])('%j is no options object', value => {
  expect(() => resolveOptions(value as StreamOptions)).toThrow(/^Invalid options/);
});

it.each([
  [{ sessionId: uuid, resume: 'x' }, 'sessionId'],
  [{ outputSchema: {}, stopSequences: ['}'] }, 'outputSchema'],
  [
    { systemPrompt: { type: 'preset', preset: 'claude_code', append: 'x' }, appendSystemPrompt: 'y' },
    'appendSystemPrompt',
  ],
] as [StreamOptions, string][])('%j contradict each other', (options, option) => {
  expect(() => resolveOptions(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option }));
});

it('a long or strange value is shown in short', () => {
  const message = (value: unknown) => {
    try {
      resolveOptions({ model: value as string });
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  expect(message({ text: 'x'.repeat(1000) }).length).toBeLessThan(200);
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(message(circular)).toContain('a value that is not JSON');
  expect(message(10n)).toContain('got 10,');
  expect(message(Symbol('x'))).toContain('Symbol(x)');
});
