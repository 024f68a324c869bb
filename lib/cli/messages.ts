/**
 * One parsed line of the CLI's stdout. Only `type` is certain: other versions send more, fewer or other fields, so
 * every field is optional here and checked where it is used.
 */
export type CliMessage =
  | SystemMessage
  | StreamEventMessage
  | AssistantMessage
  | UserEcho
  | ResultMessage
  | RateLimitMessage
  | ControlRequestMessage
  | ControlResponseMessage
  | OtherMessage;

interface Envelope {
  session_id?: string;
  uuid?: string;
  /** Set on what a subagent said. */
  parent_tool_use_id?: string | null;
}

export interface SystemMessage extends Envelope {
  type: 'system';
  subtype?: string;
  model?: string;
  tools?: string[];
  claude_code_version?: string;
  apiKeySource?: string;
  /** `status` */
  status?: string | null;
  /** `informational` and others: what the CLI would show. */
  content?: string;
  /** `api_retry` */
  attempt?: number;
  max_retries?: number;
  retry_delay_ms?: number;
  error_status?: number | null;
  error?: string;
}

export interface StreamEventMessage extends Envelope {
  type: 'stream_event';
  /** An event of the Messages API's stream, verbatim. */
  event?: StreamEvent;
  /** 2.1.330, on the message_stop of a broken response: blocks from this index on are void. */
  abandoned_blocks?: { from_block_index?: number };
}

/** An event of the Messages API's stream, as far as this package reads it. */
export interface StreamEvent {
  type: string;
  index?: number;
  message?: { id?: string; model?: string; usage?: WireUsage };
  content_block?: { type?: string; name?: string };
  delta?: {
    type?: string;
    text?: string;
    thinking?: string;
    partial_json?: string;
    stop_reason?: string | null;
  };
  usage?: WireUsage;
  [field: string]: unknown;
}

export interface WireUsage {
  input_tokens?: number | null;
  output_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
}

export interface AssistantMessage extends Envelope {
  type: 'assistant';
  message?: { id?: string; model?: string; content?: WireBlock[]; stop_reason?: string | null };
  /** Category of the failure when `message.model` is `<synthetic>`. */
  error?: string;
  request_id?: string;
}

export interface WireBlock {
  type: string;
  [field: string]: unknown;
}

export interface UserEcho extends Envelope {
  type: 'user';
  message?: { content?: string | WireBlock[] };
  /** The CLI wrote it, not the caller. */
  isSynthetic?: boolean;
}

export interface ResultMessage extends Envelope {
  type: 'result';
  subtype?: string;
  is_error?: boolean;
  api_error_status?: number | null;
  result?: string;
  errors?: string[];
  stop_reason?: string | null;
  num_turns?: number;
  /** Since the process started, not since the turn did. */
  modelUsage?: Record<string, WireModelUsage>;
}

export interface WireModelUsage {
  inputTokens?: number;
  outputTokens?: number;
  cacheReadInputTokens?: number;
  cacheCreationInputTokens?: number;
  costUSD?: number;
}

export interface RateLimitMessage extends Envelope {
  type: 'rate_limit_event';
  rate_limit_info?: { status?: string; resetsAt?: number; rateLimitType?: string; utilization?: number };
}

/** The CLI asks its host. */
export interface ControlRequestMessage extends Envelope {
  type: 'control_request';
  request_id?: string;
  request?: { subtype?: string; server_name?: string; message?: JsonRpcMessage };
}

export interface JsonRpcMessage {
  jsonrpc?: string;
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
}

/** The CLI answers its host. */
export interface ControlResponseMessage extends Envelope {
  type: 'control_response';
  response?: { subtype?: string; request_id?: string; response?: Record<string, unknown>; error?: string };
}

export interface OtherMessage extends Envelope {
  type: 'conversation_reset' | 'command_lifecycle' | 'control_cancel_request' | 'keep_alive';
}
