import type { OfflineRequest } from './request.ts';

/**
 * What the offline API answers one `POST /v1/messages` with:
 *
 * - a string: one text block
 * - an array: content blocks
 * - `{ content, ... }`: a message with its stop reason, usage, pace, or a `failure` part-way through
 * - `{ error }`: an HTTP error in the API's own shape
 * - `{ http }`: any other HTTP response, such as the HTML page of a broken proxy
 * - `{ events }`: server-sent events written exactly as given
 * - a function of the request that makes one of these
 *
 * A scripted answer is sent as written: `max_tokens` and `stop_sequences` only limit the default answers.
 */
export type Answer =
  | string
  | readonly AnswerBlock[]
  | MessageAnswer
  | ErrorAnswer
  | HttpAnswer
  | EventsAnswer
  | AnswerRule;

/** Makes the answer to one request. `undefined` means "not mine": the next rule is asked. */
export type AnswerRule = (request: OfflineRequest) => Answer | undefined | Promise<Answer | undefined>;

/** An answer that is no longer a function. */
export type SettledAnswer = Exclude<Answer, AnswerRule>;

/** One message, streamed or whole as the request asked. */
export interface MessageAnswer extends Pace {
  readonly content: string | readonly AnswerBlock[];
  /** Default: `tool_use` if the content has a `tool_use` block, else `end_turn`. */
  readonly stopReason?: StopReason;
  /** The stop sequence that ended the answer. Default: null. */
  readonly stopSequence?: string;
  /** Goes with the stop reason `refusal`: `{ type: 'refusal', category, explanation }`. Default: null. */
  readonly stopDetails?: Readonly<Record<string, unknown>>;
  /** Fields that replace or join the computed usage, in wire names. */
  readonly usage?: Readonly<Record<string, unknown>>;
  /** Default: the model of the request. */
  readonly model?: string;
  /** Default: `msg_offline_<n>`, unique within one offline API. */
  readonly id?: string;
  /** Additional response headers, for example rate limits. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Breaks the answer off part-way. */
  readonly failure?: Failure;
}

/** An error response: `{"type":"error","error":{"type","message"},"request_id"}`. */
export interface ErrorAnswer {
  readonly error: {
    /** HTTP status, for example 529. */
    readonly status: number;
    /** Default: the type the API uses for this status, for example `overloaded_error`. */
    readonly type?: string;
    /** Default: a message like the API's for this status. */
    readonly message?: string;
    /** Additional response headers, for example `retry-after` (seconds). */
    readonly headers?: Readonly<Record<string, string>>;
  };
}

/** Any HTTP response at all. */
export interface HttpAnswer {
  readonly http: {
    readonly status: number;
    /** Default: none but `request-id`. */
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/**
 * Server-sent events written as given, whether or not the request asked for a stream. An object becomes
 * `event: <its type>` and `data: <its JSON>`; a string is written to the connection byte for byte.
 */
export interface EventsAnswer extends Omit<Pace, 'chunkSize'> {
  readonly events: readonly (StreamEvent | string)[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly failure?: Failure;
}

/** How fast an answer comes. */
export interface Pace {
  /** Milliseconds between two deltas. Default: the `delay` of `startOfflineApi()`. */
  readonly delay?: number;
  /** Milliseconds before the response begins (its headers included). Default: 0. */
  readonly firstDelay?: number;
  /** Characters per delta; `Infinity` sends each block in one. Default: that of `startOfflineApi()`. */
  readonly chunkSize?: number;
}

/** Where and how an answer breaks off. */
export interface Failure {
  /**
   * - `reset`: the connection is reset (TCP RST), 20 ms after what was sent before it. A client that is slower than
   *   that loses it: where it must have been read, let the answer `stall` and call `reset()` of the request
   * - `eof`: the response ends, cleanly but too early
   * - `malformed-sse`: an event whose data is not JSON, then the end (a whole message: half of its JSON)
   * - `error-event`: an SSE `error` event, then the end (a whole message: an error response)
   * - `stall`: nothing more comes until the client leaves or the offline API is closed
   */
  readonly kind: 'reset' | 'eof' | 'malformed-sse' | 'error-event' | 'stall';
  /**
   * How much of the stream is sent first: a number of deltas, or everything up to and including the first
   * event of a type. `request`: not even headers; `headers`: headers only. A whole (not streamed) message
   * fails before its headers for `request`, else half-way through its body. Default: 1 delta.
   */
  readonly after?: number | 'request' | 'headers' | 'message_start' | StreamEventType;
  /** The error of an `error-event`. Default: 529, `overloaded_error`, "Overloaded". */
  readonly error?: { readonly status?: number; readonly type: string; readonly message: string };
}

/** Events of the Messages stream after its `message_start`. */
export type StreamEventType = 'content_block_start' | 'content_block_stop' | 'message_delta' | 'message_stop';

/** One event of the Messages stream. */
export interface StreamEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The API's stop reasons, and any it may invent. */
export type StopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'
  | (string & {});

/** Text, or the exact deltas it is sent in; an async iterable may wait between them. */
export type Deltas = string | readonly string[] | AsyncIterable<string>;

/** A block of an answer. Blocks of a type not named here are sent whole, as they are. */
export type AnswerBlock = TextAnswerBlock | ThinkingAnswerBlock | ToolAnswerBlock | OtherAnswerBlock;

/** Streamed as `text_delta` events. */
export interface TextAnswerBlock {
  readonly type: 'text';
  readonly text: Deltas;
  /** Streamed as `citations_delta` events after the text. */
  readonly citations?: readonly Readonly<Record<string, unknown>>[];
}

/** Streamed as `thinking_delta` events and a signature. */
export interface ThinkingAnswerBlock {
  readonly type: 'thinking';
  readonly thinking: Deltas;
  /** Default: a fixed stand-in signature. */
  readonly signature?: string;
}

/** A call of a tool; its input is streamed as `input_json_delta` events. */
export interface ToolAnswerBlock {
  readonly type: 'tool_use' | 'server_tool_use' | 'mcp_tool_use';
  /** Default: `toolu_offline_<n>`, unique within one offline API. */
  readonly id?: string;
  readonly name: string;
  /** Default: `{}`. */
  readonly input?: unknown;
}

/** `redacted_thinking`, `web_search_tool_result`, or a type that nobody knows yet. */
export interface OtherAnswerBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}
