import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkCli } from '../../lib/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';

describe('the real CLI', () => {
  let api: OfflineApi;
  beforeAll(async () => {
    api = await startOfflineApi();
  });
  afterAll(() => api.close());

  it('tells its path, its version and that it has an API key, without a request', async () => {
    const status = await checkCli({ env: api.env });
    expect(status).toEqual({
      path: expect.stringMatching(/claude(\.exe)?$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      signedIn: true,
      method: 'api_key',
    });
    expect(api.requests).toHaveLength(0);
  });

  it('says so when nobody is signed in', async () => {
    const env = { ...api.env, ANTHROPIC_API_KEY: undefined };
    expect(await checkCli({ env })).toMatchObject({ signedIn: false, method: 'none' });
  });

  it('sees the sign-in that a call with the same options would use', async () => {
    const env = { ...api.env, ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_USE_BEDROCK: '1' };
    expect(await checkCli({ env })).toMatchObject({ signedIn: true, method: 'third_party' });
  });
});

it('names every place it looked at when there is no CLI', async () => {
  await expect(checkCli({ pathToClaudeCodeExecutable: '/nowhere/claude' })).rejects.toMatchObject({
    code: 'CLI_NOT_FOUND',
    searched: [expect.stringContaining('nowhere')],
  });
});

it('refuses a wrong option before anything starts', async () => {
  await expect(checkCli({ timeout: -1 })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    option: 'timeout',
  });
});

describe.skipIf(process.platform === 'win32')('an executable that is not the CLI we need', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'status-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const check = (script: string, timeout = 10_000) => {
    const path = join(folder, 'claude');
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return checkCli({ pathToClaudeCodeExecutable: path, timeout });
  };

  it('is refused when it is too old, with the version it has and the one it needs', async () => {
    await expect(check('echo "2.0.1 (Claude Code)"')).rejects.toMatchObject({
      code: 'CLI_TOO_OLD',
      version: '2.0.1',
      required: '2.1.248',
    });
  });

  it('is refused when it says something else', async () => {
    await expect(check('echo hello')).rejects.toMatchObject({ code: 'PROTOCOL', line: 'hello\n' });
    await expect(check('echo broken >&2; exit 3')).rejects.toMatchObject({
      code: 'CLI_EXITED',
      exitCode: 3,
      stderr: 'broken\n',
    });
    const half = 'if [ "$1" = --version ]; then echo 2.1.330; else echo "{}"; fi';
    await expect(check(half)).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  it('is ended when it does not answer in time', async () => {
    await expect(check('sleep 60', 200)).rejects.toMatchObject({ code: 'TIMEOUT', limit: 'timeout' });
  });

  it('is ended when the caller aborts', async () => {
    const path = join(folder, 'claude');
    writeFileSync(path, '#!/bin/sh\nsleep 60\n', { mode: 0o755 });
    const call = checkCli({ pathToClaudeCodeExecutable: path, signal: AbortSignal.timeout(100) });
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError', constructor: DOMException });
  });
});
