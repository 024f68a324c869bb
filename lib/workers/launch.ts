import { createHash } from 'node:crypto';
import { toArguments } from '../cli/arguments.ts';
import { emptyDirectory } from '../cli/directories.ts';
import { toEnvironment } from '../cli/environment.ts';
import { toExtraBody } from '../cli/extra-body.ts';
import { locateCli } from '../cli/locate.ts';
import type { McpServer, ResolvedOptions } from '../options.ts';
import type { Command } from '../process/spawn.ts';
import { toolServerNames } from './tool-server.ts';

/** Everything needed to start a worker; plain data, so that workers of the same launch are interchangeable. */
export interface Launch extends Command {
  mcpServers: Readonly<Record<string, McpServer>>;
  maxLineLength: number;
  onStderr: ((text: string) => void) | undefined;
}

/** A launch for one call: all its settings are on the command line. @throws {CliNotFoundError} {CliNotExecutableError} */
export function toLaunch(options: ResolvedOptions): Launch {
  return {
    file: locateCli(options),
    args: toArguments(options),
    cwd: options.cwd ?? emptyDirectory(),
    env: toEnvironment(options, toExtraBody(options)),
    mcpServers: options.mcpServers,
    maxLineLength: options.maxLineLength,
    onStderr: options.onStderr,
  };
}

/** A launch for many calls, whose settings each of them brings (`toPlan`). */
export function toSharedLaunch(options: ResolvedOptions): Launch {
  const {
    model,
    effort,
    thinking,
    temperature,
    topP,
    topK,
    stopSequences,
    maxOutputTokens,
    outputSchema,
    ...shared
  } = options;
  return toLaunch(shared);
}

/** A launch for requests of the Messages API: one model response each, tools of the caller only. */
export function toMessagesLaunch(options: ResolvedOptions, betas: readonly string[]): Launch {
  return toLaunch({
    ...options,
    allowedTools: toolServerNames.map(name => `mcp__${name}`),
    cliRetries: 0,
    // With a tool named Bash, the CLI would add a reminder about the attribution of git commits.
    extraArgs: { settings: JSON.stringify({ includeCoAuthoredBy: false }) },
    env: {
      // Tools keep the caller's names and descriptions.
      CLAUDE_AGENT_SDK_MCP_NO_PREFIX: '1',
      CLAUDE_CODE_MAX_MCP_DESCRIPTION_LENGTH: '1000000',
      // With its experiments on, the CLI repeats a refused request up to twice, leaving one of them off each time.
      CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS: '1',
      // Whether a conversation is too long is for the API to say; the CLI would ask for a summary and send that instead.
      DISABLE_AUTO_COMPACT: '1',
      CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: '1000000000',
      ...options.env,
      ...(betas.length > 0 ? { ANTHROPIC_BETAS: withOwnBetas(betas, options.env) } : {}),
    },
  });
}

/** The caller's betas after those that whoever runs this has set for all calls. */
function withOwnBetas(betas: readonly string[], env: ResolvedOptions['env']): string {
  const own = 'ANTHROPIC_BETAS' in env ? env.ANTHROPIC_BETAS : process.env.ANTHROPIC_BETAS;
  return [...(own ? [own] : []), ...betas].join(',');
}

/** Workers of the same key are interchangeable: same file, arguments, working directory, environment (so login), tenant. */
export function launchKey(
  { file, args, cwd, env, mcpServers, maxLineLength }: Launch,
  tenant: string,
): string {
  const facts = [file, args, cwd, Object.entries(env).sort(), mcpServers, maxLineLength, tenant];
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64');
}
