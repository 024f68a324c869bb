import { describe, expect, it } from 'vitest';
import { toArguments } from '../../lib/cli/arguments.ts';
import { toExtraBody } from '../../lib/cli/extra-body.ts';
import { toInitialize } from '../../lib/cli/initialize.ts';
import { resolveOptions, type StreamOptions } from '../../lib/options.ts';

const args = (options: StreamOptions = {}) => toArguments(resolveOptions(options));

describe('the command line', () => {
  it('by default has no tool, no settings file, no server, no session file, no command, no system prompt', () => {
    expect(args()).toEqual([
      '--print',
      ...['--input-format', 'stream-json', '--output-format', 'stream-json'],
      ...['--verbose', '--include-partial-messages', '--disable-slash-commands', '--strict-mcp-config'],
      ...['--tools', '', '--setting-sources', '', '--system-prompt', ''],
      '--no-session-persistence',
    ]);
  });

  it('carries each option as one word, so that no value becomes a flag', () => {
    expect(
      args({
        model: '--help',
        effort: 'low',
        maxTurns: 3,
        maxBudgetUsd: 0.5,
        permissionMode: 'plan',
        allowedTools: ['Read', 'Bash(git *)'],
        disallowedTools: ['Write'],
        extraArgs: { 'debug-file': '-x', chrome: null },
      }),
    ).toEqual(
      expect.arrayContaining([
        '--model=--help',
        '--effort=low',
        '--max-turns=3',
        '--max-budget-usd=0.5',
        '--permission-mode=plan',
        '--allowedTools=Read,Bash(git *)',
        '--disallowedTools=Write',
        '--debug-file=-x',
        '--chrome',
      ]),
    );
  });

  it('never holds a text of the caller', () => {
    const options: StreamOptions = {
      systemPrompt: 'secret',
      appendSystemPrompt: 'secret',
      stopSequences: ['secret'],
    };
    expect(args(options).join(' ')).not.toContain('secret');
  });

  it('keeps the session on disk only when asked to, or when one is resumed', () => {
    expect(args({ persistSession: true })).not.toContain('--no-session-persistence');
    expect(args({ resume: 'id' })).not.toContain('--no-session-persistence');
    expect(args({ resume: 'id' })).toContain('--resume=id');
  });

  it("leaves the CLI's own system prompt in place only when asked to", () => {
    expect(args({ systemPrompt: { type: 'preset', preset: 'claude_code' } })).not.toContain(
      '--system-prompt',
    );
    for (const systemPrompt of ['', 'text', undefined]) {
      expect(args(systemPrompt === undefined ? {} : { systemPrompt })).toContain('--system-prompt');
    }
  });
});

describe('the first control request', () => {
  it.each([
    [{}, undefined],
    [{ systemPrompt: '' }, undefined],
    [{ systemPrompt: 'A' }, { subtype: 'initialize', systemPrompt: ['A'] }],
    [{ appendSystemPrompt: 'B' }, { subtype: 'initialize', appendSystemPrompt: 'B' }],
    [
      { systemPrompt: 'A', appendSystemPrompt: 'B' },
      { subtype: 'initialize', systemPrompt: ['A'], appendSystemPrompt: 'B' },
    ],
    [{ systemPrompt: { type: 'preset', preset: 'claude_code' } }, undefined],
    [
      { systemPrompt: { type: 'preset', preset: 'claude_code', append: 'B' } },
      { subtype: 'initialize', appendSystemPrompt: 'B' },
    ],
  ] as [StreamOptions, unknown][])('of %j is %j', (options, request) => {
    expect(toInitialize(resolveOptions(options))).toEqual(request);
  });
});

describe('the extra body', () => {
  it.each([
    [{}, undefined],
    [{ temperature: 0 }, { temperature: 0 }],
    [
      { topP: 0.5, topK: 0, stopSequences: [], maxOutputTokens: 9 },
      { top_p: 0.5, top_k: 0, stop_sequences: [], max_tokens: 9 },
    ],
    [{ thinking: { type: 'disabled' } }, undefined],
    [{ thinking: { type: 'adaptive' } }, { thinking: { type: 'adaptive' } }],
    [
      { thinking: { type: 'enabled', budgetTokens: 2000 } },
      { thinking: { type: 'enabled', budget_tokens: 2000 } },
    ],
    [{ outputSchema: { a: 1 } }, { output_config: { format: { type: 'json_schema', schema: { a: 1 } } } }],
  ] as [StreamOptions, unknown][])('of %j is %j', (options, body) => {
    expect(toExtraBody(resolveOptions(options))).toEqual(body);
  });
});
