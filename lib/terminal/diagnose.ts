import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type CliStatus, checkCli } from '../cli/status.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { ClaudeCliError, CliNotFoundError, type ErrorCode } from '../errors.ts';
import { getResponse } from '../get-response.ts';
import { streamResponse } from '../stream-response.ts';
import { startOfflineApi } from '../testing/index.ts';
import { dollars, seconds } from './footer.ts';
import { notFound } from './report-failure.ts';

/** One thing that was looked at. */
export interface Finding {
  name: string;
  ok: boolean;
  detail: string;
  /** What to do about it. */
  fix?: string;
  /** Milliseconds from the start of a call to each of its steps. */
  times?: Record<string, number>;
}

/** Looks at everything a call needs, in order; after a failure nothing that builds on it. */
export async function* diagnose(options: { live: boolean; signal: AbortSignal }): AsyncGenerator<Finding> {
  const { live, signal } = options;
  let status: Promise<CliStatus> | undefined;
  // Two findings, one look at the CLI.
  const look = () => (status ??= checkCli({ signal }));
  const steps = [
    async () => checkNode(),
    async () => toExecutable(await look()),
    async () => toSignIn(await look()),
    () => checkRoundTrip(signal),
    ...(live ? [() => checkLiveCall(signal)] : []),
  ];
  const names = ['Node', 'Claude CLI', 'sign-in', 'round trip', 'live call'];
  for (const [index, step] of steps.entries()) {
    const name = names[index] ?? '';
    try {
      yield { name, ...(await step()) };
    } catch (error) {
      signal.throwIfAborted();
      yield { name, ok: false, ...explain(error) };
      return;
    }
  }
}

type Found = Omit<Finding, 'name'>;

/** The same as `engines` in package.json. */
const needed = { major: 20, minor: 11 };

function checkNode(): Found {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > needed.major || (major === needed.major && minor >= needed.minor);
  const fix = `install Node ${needed.major}.${needed.minor} or later`;
  return { ok, detail: process.versions.node, ...(!ok && { fix }) };
}

function toExecutable({ version, path }: CliStatus): Found {
  return { ok: true, detail: `${version}, ${path}` };
}

function toSignIn({ signedIn, method }: CliStatus): Found {
  if (signedIn) return { ok: true, detail: `${method}${advice[method] ?? ''}` };
  return { ok: false, detail: 'nobody is signed in', fix: fixes.NOT_SIGNED_IN };
}

/** What follows from a login, by the CLI's own word for it. */
const advice: Partial<Record<string, string>> = {
  'claude.ai': ': a plan login, for its owner alone',
  oauth_token: ': a plan login, for its owner alone',
  third_party: ': a cloud provider',
};

/** The real CLI and the stand-in API: everything but the network and the account. */
async function checkRoundTrip(signal: AbortSignal): Promise<Found> {
  await using api = await startOfflineApi();
  const times: Record<string, number> = {};
  const startedAt = performance.now();
  const reach = (step: string) => {
    times[step] ??= Math.round(performance.now() - startedAt);
  };
  const onWorker = (message: unknown) => {
    times['process started'] = Math.round((message as Diagnostics['worker']).startMs);
  };
  subscribe('claude-cli-stream:worker', onWorker);
  try {
    for await (const event of streamResponse('What is 2+2?', { env: api.env, signal, timeout: 30_000 })) {
      if (event.type === 'start') reach('prompt taken');
      if (event.type === 'text') reach('first text');
      if (event.type === 'end') reach('end');
    }
  } finally {
    unsubscribe('claude-cli-stream:worker', onWorker);
  }
  const took = seconds(performance.now() - startedAt);
  return { ok: true, detail: `real CLI, offline API, ${took}`, times };
}

async function checkLiveCall(signal: AbortSignal): Promise<Found> {
  const prompt = 'Reply with the word "ready" and nothing else.';
  const { usage, costUsd, durationMs } = await getResponse(prompt, {
    model: 'haiku',
    signal,
    timeout: 60_000,
  });
  const model = Object.keys(usage).join(', ');
  return {
    ok: true,
    detail: `${model} answered in ${seconds(durationMs)}, ${dollars(costUsd)} at list prices`,
  };
}

const fixes = {
  CLI_NOT_FOUND: 'npm install --global @anthropic-ai/claude-code, or set CLAUDE_CODE_EXECUTABLE to its path',
  CLI_NOT_EXECUTABLE: 'install the CLI again: npm install --global @anthropic-ai/claude-code',
  CLI_TOO_OLD: 'claude update',
  NOT_SIGNED_IN: 'run "claude" once and sign in, or set ANTHROPIC_API_KEY',
  TIMEOUT: 'is the machine or the network busy? Run doctor again',
  RATE_LIMITED: 'wait until the limit resets',
  OVERLOADED: 'the service is busy: try again in a minute',
} satisfies Partial<Record<ErrorCode, string>>;

function explain(error: unknown): Pick<Finding, 'detail' | 'fix'> {
  const message = error instanceof Error ? error.message : String(error);
  const detail = error instanceof CliNotFoundError ? notFound(error) : message;
  const known: Partial<Record<ErrorCode, string>> = fixes;
  const fix = error instanceof ClaudeCliError ? known[error.code] : undefined;
  return { detail, fix: fix ?? 'see the message above; CLAUDE_CODE_EXECUTABLE names another CLI to try' };
}
