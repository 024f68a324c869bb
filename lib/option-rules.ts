import { statSync } from 'node:fs';
import type { StreamOptions } from './options.ts';

/** What an option takes, in words and as a test. */
export interface Rule {
  accepts: string;
  test: (value: unknown) => boolean;
}

const text: Rule = { accepts: 'a string that is not empty', test: value => isString(value) && value !== '' };
const texts: Rule = {
  accepts: 'an array of strings that are not empty',
  test: value => Array.isArray(value) && value.every(text.test),
};
const truth: Rule = { accepts: 'true or false', test: value => typeof value === 'boolean' };
const callback: Rule = { accepts: 'a function', test: value => typeof value === 'function' };
const share: Rule = {
  accepts: 'a number from 0 to 1',
  test: value => isNumber(value) && value >= 0 && value <= 1,
};
const milliseconds: Rule = {
  accepts: 'a number of milliseconds above 0 and up to 2147483647',
  test: value => isNumber(value) && value > 0 && value <= 2_147_483_647,
};
const count = (from: number): Rule => ({
  accepts: `a whole number from ${from}`,
  test: value => Number.isSafeInteger(value) && Number(value) >= from,
});
const oneOf = (...values: string[]): Rule => ({
  accepts: `one of ${values.join(', ')}`,
  test: value => isString(value) && values.includes(value),
});
const record = (of: string, test: (value: unknown, key: string) => boolean): Rule => ({
  accepts: `an object of ${of}`,
  test: value => isRecord(value) && Object.entries(value).every(([key, entry]) => test(entry, key)),
});

/** Flags this package sets itself: a second value would break the protocol or undo a safe default. */
const reservedFlags = new Set(
  [
    'p',
    'print',
    'input-format',
    'output-format',
    'verbose',
    'include-partial-messages',
    'model',
    'system-prompt',
  ]
    .concat(['append-system-prompt', 'tools', 'allowedTools', 'allowed-tools', 'disallowedTools'])
    .concat(['disallowed-tools', 'mcp-config', 'strict-mcp-config', 'setting-sources', 'permission-mode'])
    .concat(['resume', 'session-id', 'no-session-persistence', 'max-turns', 'max-budget-usd', 'effort'])
    .concat(['disable-slash-commands', 'json-schema']),
);

export const rules: { [Name in keyof Required<StreamOptions>]: Rule } = {
  model: text,
  systemPrompt: {
    accepts: "a string, or { type: 'preset', preset: 'claude_code', append?: string }",
    test: value =>
      isString(value) ||
      (isRecord(value) &&
        value.type === 'preset' &&
        value.preset === 'claude_code' &&
        (value.append === undefined || isString(value.append))),
  },
  appendSystemPrompt: text,
  maxTurns: count(1),
  maxBudgetUsd: { accepts: 'a number of US dollars above 0', test: value => isNumber(value) && value > 0 },
  effort: oneOf('low', 'medium', 'high', 'xhigh', 'max'),
  thinking: {
    accepts:
      "{ type: 'adaptive' }, { type: 'disabled' } or { type: 'enabled', budgetTokens: a whole number from 1024 }",
    test: value =>
      isRecord(value) &&
      (value.type === 'adaptive' ||
        value.type === 'disabled' ||
        (value.type === 'enabled' && count(1024).test(value.budgetTokens))),
  },
  temperature: share,
  topP: share,
  topK: count(0),
  stopSequences: texts,
  maxOutputTokens: count(1),
  outputSchema: { accepts: 'a JSON schema object', test: isRecord },
  tools: texts,
  allowedTools: texts,
  disallowedTools: texts,
  mcpServers: record("MCP servers ({ command } or { type: 'http' | 'sse', url }) by name", isMcpServer),
  permissionMode: oneOf('default', 'acceptEdits', 'plan', 'dontAsk', 'bypassPermissions'),
  settingSources: {
    accepts: 'an array of user, project, local',
    test: value => Array.isArray(value) && value.every(oneOf('user', 'project', 'local').test),
  },
  cwd: { accepts: 'the path of an existing directory', test: isDirectory },
  env: record(
    'strings (or undefined, to remove one) by variable name',
    value => value === undefined || isString(value),
  ),
  resume: text,
  sessionId: {
    accepts: 'a UUID',
    test: value => isString(value) && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value),
  },
  persistSession: truth,
  pathToClaudeCodeExecutable: text,
  extraArgs: record(
    'strings or null by flag name without dashes, other than flags that have an option of their own',
    (value, flag) =>
      (value === null || isString(value)) && /^[A-Za-z]/.test(flag) && !reservedFlags.has(flag),
  ),
  onStderr: callback,
  signal: { accepts: 'an AbortSignal', test: value => value instanceof AbortSignal },
  timeout: milliseconds,
  timeoutFrom: oneOf('call', 'slot'),
  idleTimeout: {
    accepts: `${milliseconds.accepts}, or Infinity`,
    test: value => value === Number.POSITIVE_INFINITY || milliseconds.test(value),
  },
  retry: {
    accepts:
      '{ attempts?: a whole number from 1, minDelay?, maxDelay?: milliseconds from 0, jitter?: 0 to 1, afterText?: boolean, onRetry?: function }',
    test: isRetry,
  },
  cliRetries: count(0),
  limiter: {
    accepts: 'a limiter from createLimiter()',
    test: value => isRecord(value) && 'acquire' in value,
  },
  pool: { accepts: 'a pool from createPool()', test: value => isRecord(value) && 'take' in value },
  priority: { accepts: 'a number', test: isNumber },
  maxPromptLength: count(1),
  maxLineLength: count(1024),
};

export const optionNames = Object.keys(rules).join(', ');

function isRetry(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const delay = (entry: unknown) => isNumber(entry) && entry >= 0 && entry <= 2_147_483_647;
  const tests: Record<string, (entry: unknown) => boolean> = {
    attempts: count(1).test,
    minDelay: delay,
    maxDelay: delay,
    jitter: share.test,
    afterText: truth.test,
    onRetry: callback.test,
  };
  return Object.entries(value).every(([name, entry]) => entry === undefined || tests[name]?.(entry) === true);
}

function isMcpServer(value: unknown, name: string): boolean {
  if (!isRecord(value) || !/^[\w-]+$/.test(name)) return false;
  return value.type === 'http' || value.type === 'sse' ? isString(value.url) : isString(value.command);
}

function isDirectory(value: unknown): boolean {
  return isString(value) && statSync(value, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
