/** Stable codes of every error this package throws. */
export type ErrorCode =
  | 'INVALID_OPTION'
  | 'CLI_NOT_FOUND'
  | 'CLI_NOT_EXECUTABLE'
  | 'CLI_TOO_OLD'
  | 'SPAWN_FAILED'
  | 'NOT_SIGNED_IN'
  | 'CLI_EXITED'
  | 'PROTOCOL'
  | 'API_ERROR'
  | 'RATE_LIMITED'
  | 'OVERLOADED'
  | 'TIMEOUT'
  | 'LIMITER_FULL'
  | 'BUDGET_EXCEEDED';

/**
 * Base of every error this package throws on its own account. A caller's abort is not among them:
 * the aborted signal's own `reason` is thrown as it is.
 */
export class ClaudeCliError extends Error {
  /** Stable name of the failure, for `switch`. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed when repeated. */
  readonly retryable: boolean;
  /** Text of the answer received before the failure. */
  text = '';

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** An option or a prompt is wrong. Thrown before any process starts. */
export class InvalidOptionError extends ClaudeCliError {
  readonly option: string;
  readonly value: unknown;
  /** What would have been accepted. */
  readonly accepted: string;

  constructor(option: string, value: unknown, accepted: string) {
    super('INVALID_OPTION', `Invalid ${option}: got ${show(value)}, but ${option} takes ${accepted}.`);
    this.option = option;
    this.value = value;
    this.accepted = accepted;
  }
}

/** No Claude CLI on this machine. */
export class CliNotFoundError extends ClaudeCliError {
  /** Every place that was looked at, in order. */
  readonly searched: readonly string[];

  constructor(searched: readonly string[]) {
    const install = 'npm install --global @anthropic-ai/claude-code';
    const [only, ...others] = searched;
    const where = others.length === 0 ? `at ${only}` : `in ${searched.length} places (error.searched)`;
    super(
      'CLI_NOT_FOUND',
      `Claude CLI not found ${where}. Install it (${install}) or set pathToClaudeCodeExecutable.`,
    );
    this.searched = searched;
  }
}

/** The file is there, but the system cannot run it. */
export class CliNotExecutableError extends ClaudeCliError {
  readonly path: string;

  constructor(path: string, why: string, cause?: unknown) {
    super(
      'CLI_NOT_EXECUTABLE',
      `Cannot run the Claude CLI at ${path}: ${why}. Reinstall it or set pathToClaudeCodeExecutable.`,
      { cause },
    );
    this.path = path;
  }
}

/** The CLI is older than the first version this package can rely on. */
export class CliTooOldError extends ClaudeCliError {
  readonly path: string;
  readonly version: string;
  readonly required: string;

  constructor(path: string, version: string, required: string) {
    super(
      'CLI_TOO_OLD',
      `The Claude CLI at ${path} is ${version}, but ${required} or later is needed. Update it with: claude update`,
    );
    this.path = path;
    this.version = version;
    this.required = required;
  }
}

/** The system could not start the process (out of file descriptors, processes or memory). */
export class SpawnError extends ClaudeCliError {
  /** The system's name for it: `EMFILE`, `EAGAIN`, `ENOMEM`, ... */
  readonly errno: string;

  constructor(errno: string, cause: unknown) {
    const transient = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETXTBSY'].includes(errno);
    const advice = transient ? 'Lower the concurrency or try again.' : 'See cause.';
    super('SPAWN_FAILED', `The system could not start the Claude CLI (${errno}). ${advice}`, {
      retryable: transient,
      cause,
    });
    this.errno = errno;
  }
}

/** The CLI has no login and no API key. */
export class NotSignedInError extends ClaudeCliError {
  constructor(detail: string) {
    super(
      'NOT_SIGNED_IN',
      `The Claude CLI is not signed in (${detail}). Run "claude" once and sign in, or set ANTHROPIC_API_KEY.`,
    );
  }
}

/** The CLI process ended before its answer was complete. */
export class CliExitedError extends ClaudeCliError {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines the CLI wrote to stderr. */
  readonly stderr: string;

  constructor(
    exit: { exitCode: number | null; signal: NodeJS.Signals | null; stderr: string },
    when: string,
  ) {
    const how = exit.signal ? `was ended by ${exit.signal}` : `exited with code ${exit.exitCode}`;
    const last = exit.stderr.trim().split('\n').at(-1);
    super('CLI_EXITED', `The Claude CLI ${how} ${when}${last ? `: ${last}` : '.'}`, { retryable: true });
    this.exitCode = exit.exitCode;
    this.signal = exit.signal;
    this.stderr = exit.stderr;
  }
}

/** The CLI printed something that is not its protocol, or broke the protocol's order. */
export class ProtocolError extends ClaudeCliError {
  /** The offending line, shortened. */
  readonly line: string;

  constructor(problem: string, line = '', cause?: unknown) {
    const shortened = line.length > 200 ? `${line.slice(0, 200)}... (${line.length} characters)` : line;
    const shown = shortened ? `: ${shortened}` : '';
    super('PROTOCOL', `The Claude CLI broke its protocol: ${problem}${shown}`, { cause });
    this.line = shortened;
  }
}

/** What is known of a request that the API refused or broke off. */
export interface ApiFailure {
  /** HTTP status, or null when no response came (connection failure, broken stream). */
  status: number | null;
  /** The CLI's category: `rate_limit`, `invalid_request`, `server_error`, `authentication_failed`, ... */
  category: string;
  /** What the CLI printed for the user. */
  message: string;
  requestId: string | null;
  /** Seconds until the usage limit of a plan resets. The CLI does not pass on what the API asks of an API key. */
  retryAfter: number | null;
}

/** The API refused or broke off the request. */
export class ApiError extends ClaudeCliError implements ApiFailure {
  readonly status: number | null;
  readonly category: string;
  readonly requestId: string | null;
  readonly retryAfter: number | null;

  constructor(failure: ApiFailure, code: ErrorCode = 'API_ERROR') {
    const { status } = failure;
    const retryable = status === null || status === 408 || status === 409 || status === 429 || status >= 500;
    super(code, failure.message, { retryable });
    this.status = status;
    this.category = failure.category;
    this.requestId = failure.requestId;
    this.retryAfter = failure.retryAfter;
  }
}

/** HTTP 429: the account's rate or usage limit. */
export class RateLimitError extends ApiError {
  constructor(failure: ApiFailure) {
    super(failure, 'RATE_LIMITED');
  }
}

/** HTTP 529: the service is overloaded. */
export class OverloadedError extends ApiError {
  constructor(failure: ApiFailure) {
    super(failure, 'OVERLOADED');
  }
}

/** One of the call's own time limits was reached. */
export class TimeoutError extends ClaudeCliError {
  /** Which limit. */
  readonly limit: 'timeout' | 'idleTimeout';
  /** The limit's length in milliseconds. */
  readonly after: number;

  constructor(limit: 'timeout' | 'idleTimeout', after: number) {
    const what = limit === 'timeout' ? 'The call was not finished' : 'The Claude CLI was silent for the';
    const told = limit === 'timeout' ? `${what} after ${after} ms` : `${what} ${after} ms of idleTimeout`;
    super('TIMEOUT', `${told}. Raise ${limit}, or repeat the call; error.text holds what came.`, {
      retryable: true,
    });
    this.limit = limit;
    this.after = after;
  }
}

/** The limiter's waiting line is full: nothing was started. */
export class LimiterFullError extends ClaudeCliError {
  readonly maxWaiting: number;

  constructor(maxWaiting: number) {
    super('LIMITER_FULL', `${maxWaiting} calls are waiting already (maxWaiting). Try again later.`, {
      retryable: true,
    });
    this.maxWaiting = maxWaiting;
  }
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    return 'a value that is not JSON';
  }
  if (json === undefined) return String(value);
  return json.length > 80 ? `${json.slice(0, 80)}...` : json;
}
