import { statSync } from 'node:fs';
import type { ContentBlock } from './chunks.ts';
import { InvalidOptionError } from './errors.ts';
import { defaultLimiter, type Limiter } from './limiter.ts';
import type { RetryOptions } from './retry.ts';
import type { Pool } from './workers/pool.ts';

/** One user message: text, or content blocks (`text`, `image`, `document`) as the Messages API defines them. */
export type UserMessage = string | ContentBlock[];

/** What `streamResponse()` takes: one user message, or several for a conversation on one CLI process. */
export type Prompt = UserMessage | AsyncIterable<UserMessage>;

export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export type Thinking =
  | { type: 'adaptive' }
  | { type: 'enabled'; budgetTokens: number }
  | { type: 'disabled' };

export type McpServer =
  | { type?: 'stdio'; command: string; args?: string[]; env?: Record<string, string> }
  | { type: 'sse' | 'http'; url: string; headers?: Record<string, string> };

/** The whole system prompt, or the CLI's own one (`claude_code`), optionally with text after it. */
export type SystemPrompt = string | { type: 'preset'; preset: 'claude_code'; append?: string };

/** Options of `streamResponse()` and `getResponse()`. All are optional; times are milliseconds. */
export interface StreamOptions {
  /** Model name or alias (`sonnet`, `opus`, `haiku`). Default: the CLI's own default. */
  model?: string;
  /** Default: none, so the model sees your prompt and what the CLI always adds. */
  systemPrompt?: SystemPrompt;
  /** Text after the system prompt. */
  appendSystemPrompt?: string;
  /** Model responses per turn, at most. Default: no limit. */
  maxTurns?: number;
  /** US dollars, at list prices, after which the CLI sends no further request. Default: no limit. */
  maxBudgetUsd?: number;
  effort?: Effort;
  thinking?: Thinking;
  /** 0 to 1. */
  temperature?: number;
  /** 0 to 1. */
  topP?: number;
  /** A whole number from 0. */
  topK?: number;
  stopSequences?: string[];
  /** Tokens per model response. The CLI by itself continues an answer that was cut here (a `notice` says so). */
  maxOutputTokens?: number;
  /** JSON schema of the answer; `structuredOutput` of the summary is the parsed answer. */
  outputSchema?: Record<string, unknown>;
  /** Built-in tools the model may see, by name (`Read`, `Bash`, ...). Default: none. */
  tools?: string[];
  /** Permission rules for tools that run without asking (`Read`, `Bash(git *)`, `mcp__server`). Default: none. */
  allowedTools?: string[];
  /** Permission rules for tools that never run. */
  disallowedTools?: string[];
  /** MCP servers the CLI starts or connects to, by name. Default: none. */
  mcpServers?: Record<string, McpServer>;
  /** Default: `default`, in which a tool that is not allowed is denied. */
  permissionMode?: 'default' | 'acceptEdits' | 'plan' | 'dontAsk' | 'bypassPermissions';
  /** Settings files the CLI may read. Default: none. */
  settingSources?: ('user' | 'project' | 'local')[];
  /** Working directory of the CLI. Default: an empty directory of its own. */
  cwd?: string;
  /** Environment variables on top of the allow-listed ones of this process; `undefined` removes one. */
  env?: Record<string, string | undefined>;
  /** Continue the stored session with this id (see `persistSession`). */
  resume?: string;
  /** UUID for the new session. Default: the CLI makes one. */
  sessionId?: string;
  /** Let the CLI store the session on disk, so that `resume` finds it. Default: false. */
  persistSession?: boolean;
  /** Path of the Claude CLI. Default: found, see `checkCli()`. */
  pathToClaudeCodeExecutable?: string;
  /** Further CLI flags without the dashes; `null` for a flag without value. */
  extraArgs?: Record<string, string | null>;
  /** Called with each piece the CLI writes to stderr. */
  onStderr?: (text: string) => void;
  /** Aborts the call: the signal's own reason is thrown. */
  signal?: AbortSignal;
  /** Limit for the whole call. Default: none. */
  timeout?: number;
  /** When `timeout` begins: with the call (waiting for a slot counts), or with its slot. Default: `call`. */
  timeoutFrom?: 'call' | 'slot';
  /** Limit for silence of the CLI between two lines. Default: 600,000 (10 minutes). */
  idleTimeout?: number;
  /** Repeat a call that failed. Default: no repetition. */
  retry?: RetryOptions;
  /**
   * How often the CLI itself repeats a failed request. Default: the CLI's own default (10), or 0 when `retry` is
   * given, so that two layers never multiply.
   */
  cliRetries?: number;
  /** Who shares the slots. Default: one limiter for the whole Node process, `defaultLimiter`. */
  limiter?: Limiter;
  /**
   * Warm workers from `createPool()`. A call that needs a process of its own (`tools`, `mcpServers`, `resume`,
   * `sessionId`, `persistSession`, `maxBudgetUsd`) still gets one. Default: none, each call starts its process.
   */
  pool?: Pool;
  /** Calls with a higher number leave the waiting line first. Default: 0. */
  priority?: number;
  /** Characters of one user message, at most. Default: 10,000,000. */
  maxPromptLength?: number;
  /** Bytes of one line of the CLI's output, at most. Default: 67,108,864 (64 MiB). */
  maxLineLength?: number;
}

type Defaulted =
  | 'tools'
  | 'allowedTools'
  | 'disallowedTools'
  | 'mcpServers'
  | 'settingSources'
  | 'env'
  | 'persistSession'
  | 'extraArgs'
  | 'timeoutFrom'
  | 'idleTimeout'
  | 'limiter'
  | 'priority'
  | 'maxPromptLength'
  | 'maxLineLength';

/** Options after checking, with every default filled in. */
export type ResolvedOptions = Readonly<StreamOptions & Required<Pick<StreamOptions, Defaulted>>>;

/** Checks the options and fills in the defaults. @throws {InvalidOptionError} naming the first wrong option. */
export function resolveOptions(options: StreamOptions = {}): ResolvedOptions {
  const given: unknown = options;
  if (!isRecord(given)) throw new InvalidOptionError('options', given, 'an object');
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof StreamOptions] : undefined;
    if (!rule) throw new InvalidOptionError(name, value, `no such option. The options are ${optionNames}`);
    if (value !== undefined && !rule.test(value)) throw new InvalidOptionError(name, value, rule.accepts);
  }
  rejectContradictions(options);
  return {
    ...withoutUndefined(options),
    tools: options.tools ?? [],
    allowedTools: options.allowedTools ?? [],
    disallowedTools: options.disallowedTools ?? [],
    mcpServers: options.mcpServers ?? {},
    settingSources: options.settingSources ?? [],
    env: options.env ?? {},
    persistSession: options.persistSession ?? false,
    extraArgs: options.extraArgs ?? {},
    timeoutFrom: options.timeoutFrom ?? 'call',
    idleTimeout: options.idleTimeout ?? 600_000,
    limiter: options.limiter ?? defaultLimiter,
    priority: options.priority ?? 0,
    maxPromptLength: options.maxPromptLength ?? 10_000_000,
    maxLineLength: options.maxLineLength ?? 64 * 1024 * 1024,
  };
}

interface Rule {
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

const rules: { [Name in keyof Required<StreamOptions>]: Rule } = {
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

const optionNames = Object.keys(rules).join(', ');

function rejectContradictions(options: StreamOptions): void {
  const clash = (option: keyof StreamOptions, other: keyof StreamOptions, why: string) => {
    if (options[option] === undefined || options[other] === undefined) return;
    throw new InvalidOptionError(option, options[option], `no value together with ${other}: ${why}`);
  };
  clash('sessionId', 'resume', 'a resumed session keeps its own id');
  if (options.outputSchema && options.thinking === undefined && options.stopSequences?.length) {
    clash('outputSchema', 'stopSequences', 'a stop sequence would cut the JSON');
  }
  if (isRecord(options.systemPrompt) && options.systemPrompt.append !== undefined) {
    clash('appendSystemPrompt', 'systemPrompt', 'systemPrompt.append says the same');
  }
}

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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutUndefined(options: StreamOptions): StreamOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
