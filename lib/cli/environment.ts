import type { ResolvedOptions } from '../options.ts';

/**
 * The CLI's environment: what a user's login, network and cloud provider need, our own switches, and what the caller
 * adds. Nothing else of this process leaks into it, least of all secrets of other programs.
 */
export function toEnvironment(
  options: Pick<ResolvedOptions, 'env' | 'cliRetries' | 'retry' | 'thinking'>,
  extraBody: Record<string, unknown> | undefined,
): Record<string, string> {
  const retries = options.cliRetries ?? (options.retry ? 0 : undefined);
  const merged: Record<string, string | undefined> = {
    ...allowed(process.env),
    ...switches,
    ...(retries === undefined ? {} : { CLAUDE_CODE_MAX_RETRIES: String(retries) }),
    ...(options.thinking?.type === 'disabled' ? { CLAUDE_CODE_DISABLE_THINKING: '1' } : {}),
    ...options.env,
    ...(extraBody && { CLAUDE_CODE_EXTRA_BODY: JSON.stringify(extraBody) }),
  };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const switches = {
  // A prompt is data: no `@file` is read, whatever stands in it.
  CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
  // A broken stream is retried as a stream or fails; a refusal is an answer, not a reason for a second request.
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
  CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
  CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK: '1',
  CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP: '1',
  ENABLE_TOOL_SEARCH: 'false',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
};

/** Names and prefixes, in upper case. Windows matches names without regard to case; so does this. */
const names = new Set(
  ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TERM', 'DBUS_SESSION_BUS_ADDRESS']
    .concat([
      'USERPROFILE',
      'USERNAME',
      'APPDATA',
      'LOCALAPPDATA',
      'PROGRAMDATA',
      'PROGRAMFILES',
      'PROGRAMFILES(X86)',
    ])
    .concat(['SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'COMSPEC', 'PATHEXT', 'HOMEDRIVE', 'HOMEPATH'])
    .concat(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])
    .concat([
      'NODE_EXTRA_CA_CERTS',
      'CLAUDE_CONFIG_DIR',
      'CLAUDE_CODE_OAUTH_TOKEN',
      'CLAUDE_CODE_GIT_BASH_PATH',
    ])
    .concat(['CLAUDE_CODE_CLIENT_CERT', 'CLAUDE_CODE_CLIENT_KEY', 'CLAUDE_CODE_CLIENT_KEY_PASSPHRASE'])
    .concat(['CLOUD_ML_REGION', 'GCLOUD_PROJECT', 'API_TIMEOUT_MS']),
);
const prefixes = [
  'LC_',
  'XDG_',
  'ANTHROPIC_',
  'CLAUDE_CODE_USE_',
  'CLAUDE_CODE_SKIP_',
  'AWS_',
  'VERTEX_',
  'GOOGLE_',
  'AZURE_',
];

function allowed(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // With ANTHROPIC_LOG the CLI would write a log between the lines of its protocol.
  const pass = (name: string) =>
    name !== 'ANTHROPIC_LOG' && (names.has(name) || prefixes.some(prefix => name.startsWith(prefix)));
  return Object.fromEntries(Object.entries(env).filter(([name]) => pass(name.toUpperCase())));
}
