import type { ContentBlock } from './chunks.ts';
import { InvalidOptionError } from './errors.ts';
import { defaultLimiter, type Limiter } from './limiter.ts';
import { isRecord, optionNames, rules } from './option-rules.ts';
import type { RetryOptions } from './retry.ts';
import type { Pool } from './workers/pool.ts';

/** One user message: text, or content blocks (`text`, `image`, `document`) as the Messages API defines them. */
export type UserMessage = string | ContentBlock[];

/** What `streamResponse()` takes: one user message, or several for a conversation on one CLI process. */
export type Prompt = UserMessage | AsyncIterable<UserMessage>;

/** How much work the model puts into an answer. Which levels a model has is its own affair. */
export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** Whether the model thinks first, and for how many tokens at most. `adaptive`: as it sees fit. */
export type Thinking =
  | { type: 'adaptive' }
  | { type: 'enabled'; budgetTokens: number }
  | { type: 'disabled' };

/** An MCP server: a command that the CLI starts (`stdio`, the default), or an address that it connects to. */
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
  /** Default: the CLI's own. */
  effort?: Effort;
  /** Default: the CLI's own. */
  thinking?: Thinking;
  /** 0 to 1. Default, here and for the next three: the API's own. */
  temperature?: number;
  /** 0 to 1. */
  topP?: number;
  /** A whole number from 0. */
  topK?: number;
  /** Texts at which the model stops. */
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

function withoutUndefined(options: StreamOptions): StreamOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
