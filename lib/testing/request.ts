import type { IncomingHttpHeaders } from 'node:http';

/** One logged `POST /v1/messages`. */
export interface OfflineRequest {
  /** Order of arrival, from 0. */
  readonly index: number;
  /** The `request-id` header of its response. */
  readonly id: string;
  /** Path and query, for example `/v1/messages?beta=true`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: MessagesBody;
  /** When it had arrived in full, on the clock of `performance.now()`. */
  readonly at: number;
  /** Aborts when the client leaves before the answer is over: stop waiting, generate no more. */
  readonly signal: AbortSignal;
  /**
   * Resolves when the connection is done with this request: `aborted` if the client left (or `reset()` was
   * called, or the offline API closed) before the answer was over, else `finished`, scripted failures included.
   */
  readonly closed: Promise<'finished' | 'aborted'>;
  /** When the client left, on the clock of `performance.now()`; undefined unless `aborted`. */
  readonly abortedAt: number | undefined;
  /** Resets its connection, as a lost network does. No effect when the answer is over. */
  reset(): void;
}

/** One logged request to anything but `POST /v1/messages`, or one whose body the API refuses. */
export interface OtherRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as text, `''` if there was none. */
  readonly body: string;
  readonly at: number;
}

/** The body of a Messages request, in wire names. Unknown fields are kept. */
export interface MessagesBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly BodyMessage[];
  readonly stream?: boolean;
  readonly system?: string | readonly BodyBlock[];
  readonly stop_sequences?: readonly string[];
  readonly tools?: readonly BodyTool[];
  readonly tool_choice?: { readonly type: string; readonly name?: string };
  readonly output_config?: {
    readonly format?: { readonly type: string; readonly schema?: unknown } | null;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** A message of the history. */
export interface BodyMessage {
  readonly role: string;
  readonly content: string | readonly BodyBlock[];
  readonly [field: string]: unknown;
}

/** A content block, as far as the offline API reads it. */
export interface BodyBlock {
  readonly type: string;
  readonly text?: string;
  readonly [field: string]: unknown;
}

/** A tool that the model may call. */
export interface BodyTool {
  readonly name: string;
  readonly input_schema?: unknown;
  readonly [field: string]: unknown;
}
