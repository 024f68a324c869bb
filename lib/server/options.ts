import { InvalidOptionError } from '../errors.ts';
import type { RateLimit } from './access/rate-limit.ts';
import { readTokens } from './access/tokens.ts';
import type { Logger } from './log.ts';
import type { LogContent } from './trace.ts';

/** Options of `serve()`. Times are milliseconds, sizes bytes. */
export interface ServerOptions {
  /** Default: 8787. 0 takes a free one. */
  port?: number;
  /** Address to listen on. Any other than this machine's own (127.0.0.1, ::1, localhost) needs a token. Default: 127.0.0.1. */
  host?: string;
  /**
   * What a client must show, as `Authorization: Bearer` or `x-api-key`: one token or several, 16 characters or more
   * each. Default: the lines of `tokenFile`, else the variable `CLAUDE_CLI_STREAM_TOKEN`, else no token is asked for.
   */
  token?: string | readonly string[];
  /** Path of a file with one token per line. */
  tokenFile?: string;
  /**
   * You promise to be the only one who uses this server. A plan login (Pro, Max, ...) is for its owner: without this
   * promise it is not served on an address that others can reach. Default: false.
   */
  soleUser?: boolean;
  /** Names under which clients may reach this server (the Host header, without port), besides localhost. */
  allowedHosts?: readonly string[];
  /** Origins of web pages that may use this server (`https://app.example.com`). Default: none. */
  corsOrigins?: readonly string[];
  /** Requests per token. Default: no limit. */
  rateLimit?: RateLimit;
  /** Largest request body. Default: 33,554,432 (32 MiB, as the API). */
  maxBodySize?: number;
  /** Time a client has to send its headers. Default: 10,000. */
  headersTimeout?: number;
  /** Time a client has to send its request. Default: 60,000. */
  requestTimeout?: number;
  /** Time from a request to the end of its answer. Default: 600,000. */
  timeout?: number;
  /** Time a client may leave an answer unread. Default: 60,000. */
  stallTimeout?: number;
  /** Time running answers have to end when the server is closed. Default: 25,000. */
  grace?: number;
  /** Told of each request, never of its content. Default: nobody. */
  logger?: Logger;
  /**
   * What the log tells of requests and answers, at level `debug`: nothing, their shape with the length of every text,
   * or everything. Default: `none`.
   */
  logContent?: LogContent;
}

/** Options after checking, with every default filled in. */
export interface ResolvedServerOptions {
  port: number;
  host: string;
  tokens: readonly string[];
  soleUser: boolean;
  allowedHosts: readonly string[];
  corsOrigins: readonly string[];
  rateLimit: RateLimit | undefined;
  maxBodySize: number;
  headersTimeout: number;
  requestTimeout: number;
  timeout: number;
  stallTimeout: number;
  grace: number;
  logger: Logger;
  logContent: LogContent;
}

/** Checks the server's own options and fills in the defaults; `rest` is what else was given. */
export function resolveServerOptions<Rest extends object>(
  options: ServerOptions & Rest,
): { server: ResolvedServerOptions; rest: Omit<Rest, keyof ServerOptions> } {
  const {
    port = 8787,
    host = '127.0.0.1',
    token,
    tokenFile,
    soleUser = false,
    allowedHosts = [],
    corsOrigins = [],
    rateLimit,
    maxBodySize = 32 * 1024 * 1024,
    headersTimeout = 10_000,
    requestTimeout = 60_000,
    timeout = 600_000,
    stallTimeout = 60_000,
    grace = 25_000,
    logger = silent,
    logContent = 'none',
    ...rest
  } = options;
  for (const [option, value] of Object.entries({ headersTimeout, requestTimeout, timeout, stallTimeout }))
    check(option, value, 1, longest);
  check('port', port, 0, 65_535);
  check('maxBodySize', maxBodySize, 1, 1024 ** 3);
  check('grace', grace, 0, longest);
  check('rateLimit.requests', rateLimit?.requests ?? 1, 1, 1_000_000_000);
  check('rateLimit.interval', rateLimit?.interval ?? 1, 1, longest);
  if (typeof host !== 'string' || host === '') throw new InvalidOptionError('host', host, 'an address');
  if (!['none', 'redacted', 'full'].includes(logContent))
    throw new InvalidOptionError('logContent', logContent, 'none, redacted or full');

  const limits = { maxBodySize, headersTimeout, requestTimeout, timeout, stallTimeout, grace, rateLimit };
  const access = { tokens: readTokens({ token, tokenFile }), soleUser, allowedHosts, corsOrigins };
  return { server: { port, host, ...access, ...limits, logger, logContent }, rest };
}

/** The longest a timer can wait. */
const longest = 2_147_483_647;

function check(option: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new InvalidOptionError(option, value, `a whole number from ${least} to ${most}`);
}

const nothing = () => {};
const silent: Logger = { info: nothing, error: nothing, debug: nothing };
