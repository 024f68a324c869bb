import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Environment variables for a CLI; `undefined` means "remove this variable". */
export type OfflineEnvironment = Readonly<Record<string, string | undefined>>;

/** A fresh home directory and the variables that tie the CLI to it and to the offline API. */
export async function createEnvironment(
  url: string,
): Promise<{ env: OfflineEnvironment; remove(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'claude-offline-'));
  const configuration = join(home, '.claude');
  await mkdir(configuration);

  const env: OfflineEnvironment = Object.freeze({
    ...Object.fromEntries(removed.map(name => [name, undefined])),
    HOME: home,
    USERPROFILE: home,
    CLAUDE_CONFIG_DIR: configuration,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'sk-ant-offline',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  });

  // A CLI that is only just ending may still write into its home: retry for a moment.
  return { env, remove: () => rm(home, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Whatever could hand the CLI another login, another provider, another host or another model. */
const removed = [
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_BETAS',
  'ANTHROPIC_CONFIG_DIR',
  'ANTHROPIC_CUSTOM_HEADERS',
  'ANTHROPIC_IDENTITY_TOKEN',
  'ANTHROPIC_IDENTITY_TOKEN_FILE',
  'ANTHROPIC_PROFILE',
  'ANTHROPIC_UNIX_SOCKET',
  'ANTHROPIC_MODEL',
  'ANTHROPIC_SMALL_FAST_MODEL',
  'ANTHROPIC_DEFAULT_MODEL',
  'ANTHROPIC_DEFAULT_FABLE_MODEL',
  'ANTHROPIC_DEFAULT_HAIKU_MODEL',
  'ANTHROPIC_DEFAULT_OPUS_MODEL',
  'ANTHROPIC_DEFAULT_SONNET_MODEL',
  'CLAUDE_CODE_API_BASE_URL',
  'CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR',
  'CLAUDE_CODE_EXTRA_BODY',
  'CLAUDE_CODE_OAUTH_REFRESH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR',
  'CLAUDE_CODE_SUBAGENT_MODEL',
  'CLAUDE_CODE_USE_ANTHROPIC_AWS',
  'CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_FOUNDRY',
  'CLAUDE_CODE_USE_GATEWAY',
  'CLAUDE_CODE_USE_MANTLE',
  'CLAUDE_CODE_USE_VERTEX',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
];
