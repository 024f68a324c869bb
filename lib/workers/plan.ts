import { toExtraBody } from '../cli/extra-body.ts';
import { type Initialize, toInitialize } from '../cli/initialize.ts';
import type { WireBlock } from '../cli/messages.ts';
import type { ResolvedOptions } from '../options.ts';

/** A message of the Messages API. */
export interface WireMessage {
  role: 'user' | 'assistant';
  content: string | WireBlock[];
}

/** A tool as the CLI learns it from an MCP server. */
export interface McpTool {
  name: string;
  description?: string;
  inputSchema: Record<string, unknown>;
}

/**
 * What a worker must be told before a question. Made by pure functions (`toPlan`, `replay`, `exact`), carried out by
 * `WorkerMemory.prepare()`: settings first, then what the worker does not hold yet of the history.
 */
export interface Plan {
  /** Carries the system prompt; a worker takes it once, before its first turn. */
  initialize: Initialize | undefined;
  /** Undefined: the worker was started with its settings. */
  settings: WorkerSettings | undefined;
  /** Tools of the caller, listed by an MCP server of ours that never answers a call. */
  tools: readonly McpTool[];
  /** Messages before the question, oldest first. */
  history: readonly WireMessage[];
  /** What is asked then, where that is known beforehand. */
  question?: WireMessage;
}

/** A plan for one request of the Messages API. */
export interface MessagesPlan extends Plan {
  question: WireMessage;
  maxTokens: number;
  /** Whether what the worker holds afterwards is the caller's conversation, so that the next turn may build on it. */
  keep: boolean;
}

/** What can change on a running worker. */
export interface WorkerSettings {
  /** Name or alias; null: the CLI's default. */
  model: string | null;
  /** Environment variables the CLI reads anew for each request; an empty string takes one back. */
  env: Record<string, string>;
}

/** The plan of a `streamResponse()`. On a shared worker the settings come with the call. */
export function toPlan(options: ResolvedOptions, shared: boolean): Plan {
  const extraBody = toExtraBody(options);
  const settings = {
    model: options.model ?? null,
    env: {
      CLAUDE_CODE_EXTRA_BODY: extraBody ? JSON.stringify(extraBody) : '',
      CLAUDE_CODE_EFFORT_LEVEL: options.effort ?? '',
      CLAUDE_CODE_DISABLE_THINKING: options.thinking?.type === 'disabled' ? '1' : '',
    },
  };
  return {
    initialize: toInitialize(options),
    settings: shared ? settings : undefined,
    tools: [],
    history: [],
  };
}
