import { cliVersion } from '../cli/status.ts';
import type { Prompt, StreamOptions } from '../options.ts';
import { canonicalHash } from './canonical-hash.ts';

/** Changes with the form of what is stored. */
const form = 1;

/** The key of a call: a hash of all that shapes its answer. A setting that is not known to be without effect counts. */
export async function callKey(
  prompt: Prompt,
  options: StreamOptions,
  tenant: string | undefined,
): Promise<string> {
  const shaping = Object.entries(options).filter(([name]) => !withoutEffect.has(name));
  return canonicalHash({
    form,
    tenant,
    cli: await cliVersion(options),
    surroundings: surroundings(),
    prompt,
    options: Object.fromEntries(shaping),
  });
}

/** The key of a request to the Messages API. Its credential is part of it: another one may have other rights. */
export async function requestKey(
  request: Request,
  body: string,
  { tenant, cli = {} }: { tenant?: string; cli?: CliOptions },
): Promise<string> {
  const { pathname, search } = new URL(request.url);
  const headers = ['anthropic-version', 'anthropic-beta', 'x-api-key', 'authorization'];
  return canonicalHash({
    form,
    tenant,
    cli: await cliVersion(cli),
    env: cli.env,
    surroundings: surroundings(),
    url: pathname + search,
    headers: headers.map(name => request.headers.get(name)),
    body: parsed(body),
  });
}

/** Which CLI answers, where that is not the one that is found by itself. */
export type CliOptions = Pick<StreamOptions, 'pathToClaudeCodeExecutable' | 'env'>;

/** What is not JSON is refused by the handler, in its own words. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** Whether asking once is as good as asking twice: a conversation, a stored session or a tool makes it a deed. */
export function isRepeatable(prompt: Prompt, options: StreamOptions): boolean {
  const { tools, mcpServers, settingSources, resume, sessionId, persistSession } = options;
  const acts = [tools, settingSources, Object.keys(mcpServers ?? {})].some(list => list && list.length > 0);
  const stored = resume !== undefined || sessionId !== undefined || persistSession === true;
  return !acts && !stored && (typeof prompt === 'string' || Array.isArray(prompt));
}

/** How a call is run, not what is asked. */
const withoutEffect: ReadonlySet<string> = new Set<keyof StreamOptions>([
  'maxBudgetUsd',
  'onStderr',
  'signal',
  'timeout',
  'timeoutFrom',
  'idleTimeout',
  'retry',
  'cliRetries',
  'limiter',
  'pool',
  'priority',
  'maxPromptLength',
  'maxLineLength',
  // Their contents count by the version of the CLI that is found.
  'pathToClaudeCodeExecutable',
]);

/** The variables of this process that say which model answers, and for whom. */
function surroundings(): [string, string | undefined][] {
  const names = Object.keys(process.env).filter(name => /^(ANTHROPIC_|CLAUDE_C)/.test(name));
  return names.sort().map(name => [name, process.env[name]]);
}
