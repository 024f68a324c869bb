import { cliVersion } from '../cli/status.ts';
import type { HandlerOptions } from '../messages/options.ts';
import type { Prompt, StreamOptions } from '../options.ts';
import { canonicalHash } from './canonical-hash.ts';

/** Changes with the form of what is stored. */
const form = 1;

/** The key of a call: a hash of all that shapes its answer. A setting that is not known to be without effect counts. */
export async function callKey(
  prompt: Prompt,
  { env, ...options }: StreamOptions,
  tenant: string | undefined,
): Promise<string> {
  const shaping = Object.entries(options).filter(([name]) => !withoutEffect.has(name));
  return canonicalHash({
    form,
    tenant,
    cli: await cliVersion({ ...options, ...(env && { env }) }),
    env: surroundings(env),
    prompt,
    options: Object.fromEntries(shaping),
  });
}

/** How the handler runs the CLI, as far as its answers depend on it. */
export type CliOptions = Pick<HandlerOptions, 'cwd' | 'env' | 'pathToClaudeCodeExecutable' | 'transport'>;

/** The key of a request to the Messages API. Its credential is part of it: another one may have other rights. */
export async function requestKey(
  request: Request,
  body: string,
  { tenant, cli = {} }: { tenant?: string; cli?: CliOptions },
): Promise<string> {
  const { pathname, search } = new URL(request.url);
  const { cwd, env, transport = 'replay' } = cli;
  const headers = ['anthropic-version', 'anthropic-beta', 'x-api-key', 'authorization'];
  return canonicalHash({
    form,
    tenant,
    cli: [await cliVersion(cli), cwd, transport],
    env: surroundings(env),
    url: pathname + search,
    headers: headers.map(name => request.headers.get(name)),
    body: parsed(body),
  });
}

/** What is not JSON is refused by the handler, in its own words. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** Whether asking once is as good as asking twice: nothing is done, and nothing is seen that may have changed. */
export function isRepeatable(prompt: Prompt, options: StreamOptions): boolean {
  const { tools, settingSources, mcpServers, extraArgs, cwd, systemPrompt } = options;
  const { resume, sessionId, persistSession } = options;
  const lists = [tools, settingSources, Object.keys(mcpServers ?? {}), Object.keys(extraArgs ?? {})];
  const acts = lists.some(list => list && list.length > 0);
  const stored = resume !== undefined || sessionId !== undefined || persistSession === true;
  // The CLI's own system prompt tells of the files in the directory.
  const looks = cwd !== undefined && typeof systemPrompt === 'object';
  return !acts && !stored && !looks && (typeof prompt === 'string' || Array.isArray(prompt));
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
  // The version of what is found there counts.
  'pathToClaudeCodeExecutable',
]);

/** The variables that say which model answers and for whom: this process's, as far as the call does not change them. */
function surroundings(env: StreamOptions['env']): Record<string, string | undefined> {
  const names = Object.keys(process.env).filter(name => provider.test(name));
  return { ...Object.fromEntries(names.map(name => [name, process.env[name]])), ...env };
}

const provider = /^(ANTHROPIC|AWS|AZURE|CLAUDE|CLOUD_ML|GCLOUD|GOOGLE|VERTEX)_/;
