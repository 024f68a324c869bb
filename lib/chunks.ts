/** Everything `streamResponse()` yields. A `switch` over `type` narrows. */
export type ChunkEvent =
  | StartEvent
  | TextEvent
  | ThinkingEvent
  | ToolCallEvent
  | ToolResultEvent
  | MessageEvent
  | RetryEvent
  | RateLimitEvent
  | NoticeEvent
  | UnknownEvent
  | EndEvent;

/** The CLI has taken the prompt and is about to ask the API. First event of every turn. */
export interface StartEvent {
  type: 'start';
  sessionId: string;
  model: string;
  cliVersion: string;
  /** Names of the tools the model can call: empty unless you allowed some. */
  tools: string[];
  /** Where the CLI got its API key from, in its own words; `none` for a plan login. */
  apiKeySource: string;
  /** Set by `withCache()` when the turn is replayed, or shared with another call: it cost nothing again. */
  cached?: true;
}

/** A piece of the answer, as soon as the API sent it. */
export interface TextEvent {
  type: 'text';
  text: string;
}

/** A piece of the model's visible thinking. */
export interface ThinkingEvent {
  type: 'thinking';
  text: string;
}

/** The model called a tool; its input is complete. */
export interface ToolCallEvent {
  type: 'tool-call';
  id: string;
  name: string;
  input: unknown;
  /** Set when a subagent made the call: the id of the tool call that started it. */
  parentToolCallId: string | null;
}

/** A tool that the CLI ran has answered. */
export interface ToolResultEvent {
  type: 'tool-result';
  /** The `id` of the `tool-call` this answers. */
  id: string;
  /** Text, or content blocks as the tool returned them. */
  content: unknown;
  isError: boolean;
  parentToolCallId: string | null;
}

/** One completed assistant message: a turn with tools has several. */
export interface MessageEvent {
  type: 'message';
  id: string;
  model: string;
  /** Content blocks as the API sent them, in its own snake_case. */
  content: ContentBlock[];
  stopReason: string | null;
  parentToolCallId: string | null;
}

/** A content block of a message, as the Messages API defines it. */
export interface ContentBlock {
  type: string;
  [field: string]: unknown;
}

/** A failed request is about to be repeated. */
export interface RetryEvent {
  type: 'retry';
  /** Who repeats it: the CLI itself, or the `retry` option of this library. */
  source: 'cli' | 'retry-option';
  /** Number of the attempt that failed, from 1. */
  attempt: number;
  /** Attempts after which the failure is final. */
  maxAttempts: number;
  /** Milliseconds until the next attempt. */
  delay: number;
  /** HTTP status of the failure, where there was one. */
  status: number | null;
  /** The CLI's category of the failure (`overloaded`, `rate_limit`, ...), or the `code` of the error. */
  error: string;
  /** How many of the last characters delivered as `text` are void, because the next attempt writes them anew. */
  supersededLength: number;
}

/** The plan's usage limits, as the CLI reports them (plan logins only). */
export interface RateLimitEvent {
  type: 'rate-limit';
  /** `allowed`, `allowed_warning` or `rejected`. */
  status: string;
  /** When the limit resets. */
  resetsAt: Date | null;
  /** Which limit: `five_hour`, `seven_day`, ... */
  limit: string | null;
  /** Used share of the limit, 0 to 1. */
  utilization: number | null;
}

/** Something the CLI said about its own doing: a status, a continuation, a notification. */
export interface NoticeEvent {
  type: 'notice';
  /** The CLI's own name for it (`status`, `informational`, `continuation`, ...). */
  name: string;
  /** What it says, in one line; empty where it says nothing. */
  text: string;
  /** The CLI's message, unchanged. */
  detail: Record<string, unknown>;
}

/** A CLI message that this version does not know: passed on, never dropped. */
export interface UnknownEvent {
  type: 'unknown';
  message: Record<string, unknown>;
}

/** The turn is over. Last event of every turn; also the generator's return value. */
export type EndEvent = { type: 'end' } & Summary;

/** What a turn came to: the fields of its `end` event, and what `getResponse()` resolves with. */
export interface Summary {
  /** All text of the turn: the `text` events joined, without what a retry superseded. */
  text: string;
  /**
   * Why the model stopped, as the API says it (`end_turn`, `max_tokens`, `stop_sequence`, `tool_use`,
   * `refusal`, ...), or which of your limits was reached: `max_turns`, `max_budget`.
   */
  stopReason: string;
  /** The parsed answer when `outputSchema` was given and the answer is JSON. */
  structuredOutput?: unknown;
  /** Tokens and cost of this turn by model. */
  usage: Record<string, ModelUsage>;
  /** Cost of this turn in US dollars at list prices, as the CLI computes it. */
  costUsd: number;
  /** Milliseconds from handing the prompt to a CLI process (its start included) to the end of the answer. */
  durationMs: number;
  /** Milliseconds until the first `text` event; null when there was none. */
  firstTextMs: number | null;
  /** Model responses in this turn. */
  turns: number;
  sessionId: string;
  /** Set by `withCache()` when the turn is replayed, or shared with another call: it cost nothing again. */
  cached?: true;
}

/** Tokens of a turn, as the API counts them, and their cost. */
export interface ModelUsage {
  /** Without those read from or written to the prompt cache. */
  inputTokens: number;
  outputTokens: number;
  cacheReadInputTokens: number;
  cacheCreationInputTokens: number;
  /** US dollars at list prices. */
  costUsd: number;
}
