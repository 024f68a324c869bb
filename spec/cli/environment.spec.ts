import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toEnvironment } from '../../lib/cli/environment.ts';
import { resolveOptions, type StreamOptions } from '../../lib/options.ts';

const environment = (options: StreamOptions = {}, body?: Record<string, unknown>) =>
  toEnvironment(resolveOptions(options), body);

beforeEach(() => {
  for (const name of Object.keys(process.env)) vi.stubEnv(name, undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("this program's variables", () => {
  it.each([
    'PATH',
    'HOME',
    'LANG',
    'LC_ALL',
    'TZ',
    'HTTPS_PROXY',
    'https_proxy',
    'NO_PROXY',
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'XDG_CONFIG_HOME',
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_BASE_URL',
    'CLAUDE_CONFIG_DIR',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'AWS_PROFILE',
    'AWS_REGION',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'CLOUD_ML_REGION',
    'Path',
    'SystemRoot',
    'APPDATA',
  ])('%s reaches the CLI', name => {
    vi.stubEnv(name, 'value');
    expect(environment()).toHaveProperty([name], 'value');
  });

  it.each([
    'OPENAI_API_KEY',
    'GITHUB_TOKEN',
    'NPM_TOKEN',
    'DATABASE_URL',
    'SECRET',
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'BASH_ENV',
    'CLAUDE_CODE_EXTRA_BODY',
    'CLAUDECODE',
    'MY_PATH',
    'HOMEWORK',
  ])('%s does not', name => {
    vi.stubEnv(name, 'value');
    expect(environment()).not.toHaveProperty([name]);
  });
});

describe('our own switches', () => {
  it('keep file mentions, fallbacks, updates and needless traffic off', () => {
    expect(environment()).toMatchObject({
      CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
      CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
      CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      ENABLE_TOOL_SEARCH: 'false',
    });
  });

  it('leave the retries of the CLI alone, but for cliRetries, or retry, which is not to be multiplied', () => {
    expect(environment()).not.toHaveProperty('CLAUDE_CODE_MAX_RETRIES');
    expect(environment({ cliRetries: 2 })).toHaveProperty('CLAUDE_CODE_MAX_RETRIES', '2');
    expect(environment({ retry: {} })).toHaveProperty('CLAUDE_CODE_MAX_RETRIES', '0');
    expect(environment({ retry: {}, cliRetries: 1 })).toHaveProperty('CLAUDE_CODE_MAX_RETRIES', '1');
  });

  it('carry the extra body', () => {
    expect(environment({}, { top_k: 1 })).toHaveProperty('CLAUDE_CODE_EXTRA_BODY', '{"top_k":1}');
    expect(environment()).not.toHaveProperty('CLAUDE_CODE_EXTRA_BODY');
  });
});

it('env adds, replaces and removes variables', () => {
  vi.stubEnv('HOME', '/home/of/this/program');
  vi.stubEnv('LANG', 'C');
  const made = environment({
    env: { HOME: '/elsewhere', LANG: undefined, MINE: 'x', DISABLE_AUTOUPDATER: '0' },
  });
  expect(made).toMatchObject({ HOME: '/elsewhere', MINE: 'x', DISABLE_AUTOUPDATER: '0' });
  expect(made).not.toHaveProperty('LANG');
});
