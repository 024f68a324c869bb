import { type CliStatus, checkCli } from '../cli/status.ts';
import { createLimiter } from '../limiter.ts';
import { createLog } from '../server/log.ts';
import { type ServeOptions, serve } from '../server/serve.ts';
import { createPool } from '../workers/pool.ts';
import { watchInterruption } from './interruption.ts';
import { startOffline } from './offline.ts';

export interface ServeCommandOptions {
  port: number;
  host: string;
  tokenFile?: string;
  soleUser?: true;
  allowHost?: string[];
  corsOrigin?: string[];
  rateLimit?: number;
  concurrency?: number;
  maxWaiting: number;
  batches?: string;
  warm: number;
  timeout: number;
  grace: number;
  transport: 'replay' | 'exact';
  verbose?: true;
  logContent?: true;
  quiet?: true;
  offline?: true;
}

export async function runServer(options: ServeCommandOptions): Promise<void> {
  const { signal, dispose } = watchInterruption();
  // Whoever reads the log may end before the server does.
  const ignore = () => {};
  process.stdout.on('error', ignore);
  try {
    await using offline = options.offline && (await startOffline(options));
    const env = offline?.env ?? {};
    await using pool = createPool({
      warm: options.warm,
      ...(options.concurrency && { max: options.concurrency }),
    });
    await using server = await serve({ ...toServeOptions(options), env, pool });
    try {
      // To say who will pay; without a CLI there is nothing to serve.
      const status = await checkCli({ env, signal });
      if (!options.quiet) process.stderr.write(greeting(server.url, status, options));
    } catch (error) {
      // The server answers already, so this is an end like any other.
      if (!signal.aborted) throw error;
    }
    await interrupted(signal);
    if (!options.quiet) process.stderr.write('Ending: running answers are awaited. Again to end at once.\n');
  } finally {
    process.stdout.off('error', ignore);
    dispose();
  }
}

function toServeOptions(options: ServeCommandOptions): ServeOptions {
  const { port, host, tokenFile, soleUser = false, concurrency, maxWaiting, verbose, quiet } = options;
  const detail = options.logContent ?? verbose;
  return {
    port,
    host,
    soleUser,
    allowedHosts: options.allowHost ?? [],
    corsOrigins: options.corsOrigin ?? [],
    timeout: options.timeout * 1000,
    grace: options.grace * 1000,
    transport: options.transport,
    limiter: createLimiter({ maxWaiting, ...(concurrency && { concurrency }) }),
    logger: createLog({ level: quiet ? 'error' : detail ? 'debug' : 'info' }),
    logContent: options.logContent ? 'full' : verbose ? 'redacted' : 'none',
    ...(tokenFile !== undefined && { tokenFile }),
    ...(options.batches !== undefined && { batches: { directory: options.batches } }),
    ...(options.rateLimit && { rateLimit: { requests: options.rateLimit } }),
  };
}

/** Where the server is, who pays, and a line that works when pasted. */
function greeting(
  url: string,
  { version, signedIn, method }: CliStatus,
  options: ServeCommandOptions,
): string {
  const who = signedIn
    ? `signed in by ${method}`
    : 'not signed in: run "claude" once, or set ANTHROPIC_API_KEY';
  const key = options.tokenFile
    ? ` -H "x-api-key: $(head -n 1 '${options.tokenFile}')"`
    : process.env.CLAUDE_CLI_STREAM_TOKEN
      ? ' -H "x-api-key: $CLAUDE_CLI_STREAM_TOKEN"'
      : '';
  const body = '{"model":"sonnet","max_tokens":1000,"messages":[{"role":"user","content":"Hello"}]}';
  return `Listening on ${url} (Claude CLI ${version}, ${who})
Try: curl ${url}/v1/messages${key} -H 'content-type: application/json' -d '${body}'
`;
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
