import type { CliStatus } from '../cli/status.ts';
import { ClaudeCliError, InvalidOptionError } from '../errors.ts';
import { isLoopback } from './access/hosts.ts';

/** Asks how the CLI is signed in: `checkCli()`, or what a test puts in its place. */
export type CheckSignIn = () => Promise<Pick<CliStatus, 'signedIn' | 'method'>>;

/** Sign-ins that belong to whoever pays per use: an API key or a cloud provider. Every other is a person's plan. */
const ownCredentials = ['api_key', 'api_key_helper', 'third_party'];

/**
 * Refuses to open a personal plan, or an unguarded server, to others.
 * @throws {InvalidOptionError}
 */
export async function checkExposure(
  { host, tokens, soleUser }: { host: string; tokens: readonly string[]; soleUser: boolean },
  checkSignIn: CheckSignIn,
): Promise<void> {
  if (isLoopback(host)) return;
  const refuse = (why: string) => {
    throw new InvalidOptionError('host', host, `an address of this machine alone ${why}`);
  };
  if (tokens.length === 0) refuse('unless you set token, tokenFile or CLAUDE_CLI_STREAM_TOKEN');
  if (soleUser) return;
  const { signedIn, method } = await checkSignIn();
  // Whoever signs in later might do so with a plan.
  if (!signedIn)
    refuse('while the Claude CLI is not signed in. Sign in first, with an API key, Bedrock or Vertex');
  if (ownCredentials.includes(method)) return;
  refuse(
    `while the Claude CLI is signed in with a plan (${method}), which is for its owner only. Use an API key, Bedrock ` +
      'or Vertex to serve others, or set soleUser (--sole-user) if nobody but you will use this server',
  );
}

/** Remembers the answer for a while: each costs two short processes, and probes come every few seconds. */
export function createReadiness(
  checkSignIn: CheckSignIn,
  now: () => number = () => performance.now(),
): () => Promise<string | undefined> {
  let known: { until: number; why: Promise<string | undefined> } | undefined;
  return () => {
    if (known && now() < known.until) return known.why;
    const asked = { until: Number.POSITIVE_INFINITY, why: whyNot(checkSignIn) };
    known = asked;
    asked.why.then(why => {
      asked.until = now() + (why === undefined ? 60_000 : 5_000);
    });
    return asked.why;
  };
}

async function whyNot(checkSignIn: CheckSignIn): Promise<string | undefined> {
  try {
    const { signedIn } = await checkSignIn();
    return signedIn ? undefined : 'the Claude CLI is not signed in';
  } catch (error) {
    // The message of such an error names paths of this machine; its code does not.
    return error instanceof ClaudeCliError
      ? `the Claude CLI cannot be used (${error.code})`
      : 'the Claude CLI cannot be used';
  }
}
