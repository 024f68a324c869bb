import { existsSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startOfflineApi } from '../../lib/testing/index.ts';

it('points the CLI at the offline API with a dummy key and a fresh home', async () => {
  await using api = await startOfflineApi();
  const { env } = api;
  expect(env.ANTHROPIC_BASE_URL).toBe(api.url);
  expect(env.ANTHROPIC_API_KEY).toBe('sk-ant-offline');
  expect(env.NO_PROXY).toBe('127.0.0.1');
  expect(env.USERPROFILE).toBe(env.HOME);
  expect(existsSync(env.CLAUDE_CONFIG_DIR ?? '')).toBe(true);
  expect(readdirSync(env.HOME ?? '')).toEqual(['.claude']);
});

it('names every variable that could bring in another login, provider, proxy or model as undefined', async () => {
  await using api = await startOfflineApi();
  for (const name of [
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_CUSTOM_HEADERS',
    'ANTHROPIC_DEFAULT_OPUS_MODEL',
    'ANTHROPIC_MODEL',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_FOUNDRY',
    'CLAUDE_CODE_USE_VERTEX',
    'HTTPS_PROXY',
    'https_proxy',
  ]) {
    expect(Object.hasOwn(api.env, name), name).toBe(true);
    expect(api.env[name], name).toBeUndefined();
  }
});

it('gives every offline API its own home', async () => {
  await using one = await startOfflineApi();
  await using other = await startOfflineApi();
  expect(one.env.HOME).not.toBe(other.env.HOME);
});
