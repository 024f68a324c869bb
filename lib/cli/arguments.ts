import type { ResolvedOptions } from '../options.ts';

/** Both sides speak stream-json, token by token; a prompt is data and never part of the command line. */
const protocol = ['--print', '--input-format', 'stream-json', '--output-format', 'stream-json'];
const detail = ['--verbose', '--include-partial-messages', '--disable-slash-commands', '--strict-mcp-config'];

/** The CLI's command line. */
export function toArguments(options: ResolvedOptions): string[] {
  const { systemPrompt, resume, sessionId } = options;
  return [
    ...protocol,
    ...detail,
    '--tools',
    options.tools.join(','),
    '--setting-sources',
    options.settingSources.join(','),
    // Without text of the caller's the prompt is empty; with text, `initialize` carries it over stdin.
    ...(typeof systemPrompt === 'object' ? [] : ['--system-prompt', '']),
    ...flag('model', options.model),
    ...flag('effort', options.effort),
    ...flag('max-turns', options.maxTurns),
    ...flag('max-budget-usd', options.maxBudgetUsd),
    ...flag('permission-mode', options.permissionMode),
    ...flag('allowedTools', list(options.allowedTools)),
    ...flag('disallowedTools', list(options.disallowedTools)),
    ...flag('resume', resume),
    ...flag('session-id', sessionId),
    ...(options.persistSession || resume !== undefined ? [] : ['--no-session-persistence']),
    ...Object.entries(options.extraArgs).flatMap(([name, value]) =>
      value === null ? [`--${name}`] : flag(name, value),
    ),
  ];
}

/** One word, so that a value which starts with a dash stays a value. */
function flag(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

function list(rules: readonly string[]): string | undefined {
  return rules.length > 0 ? rules.join(',') : undefined;
}
