import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { runCommand } from './run-command.ts';
import { hasTmux, openTerminal } from './tmux.ts';

let api: OfflineApi;
beforeAll(async () => {
  api = await startOfflineApi();
});
afterAll(() => api.close());

it('finds everything in order, also by a real call when told to', async () => {
  const { stdout, exitCode } = await runCommand(['doctor', '--live'], { env: api.env });
  expect(stdout).toMatch(
    /^ok {3}Node {8}\d.*\nok {3}Claude CLI {2}\d\S+, .*\nok {3}sign-in {5}api_key\nok {3}round trip {2}real CLI, offline API, .* s\n/,
  );
  expect(stdout).toMatch(
    /(\n {17}(process started|prompt taken|first text|end) \d+ ms){4}\nok {3}live call .*\n\nAll is well\.$/,
  );
  expect(exitCode).toBe(0);
  expect(api.requests).toHaveLength(1);
});

it('says what to do when nobody is signed in, and goes on, without a real call', async () => {
  api.reset();
  const env = { ...api.env, ANTHROPIC_API_KEY: undefined };
  const { stdout, exitCode } = await runCommand(['doctor'], { env });
  expect(stdout).toMatch(
    /\nfail sign-in .*\n +fix: run "claude" once and sign in.*\nok {3}round trip(.|\n)*\n\nDo that, then run doctor again\.$/,
  );
  expect(exitCode).toBe(1);
  expect(api.requests).toEqual([]);
});

const nowhere = { CLAUDE_CODE_EXECUTABLE: '/nowhere/claude' };

it('says what to do when there is no CLI, and stops there', async () => {
  const { stdout, exitCode } = await runCommand(['doctor', '--json'], { env: nowhere });
  const { ok, findings } = JSON.parse(stdout);
  expect([ok, exitCode]).toEqual([false, 1]);
  expect(findings).toEqual([
    { name: 'Node', ok: true, detail: process.versions.node },
    {
      name: 'Claude CLI',
      ok: false,
      detail: expect.stringContaining('/nowhere/claude'),
      fix: expect.stringMatching(/^npm install --global @anthropic-ai\/claude-code/),
    },
  ]);
});

it.skipIf(!hasTmux)('says it in colours in a terminal (needs tmux)', async () => {
  await using terminal = await openTerminal(['doctor'], { env: nowhere });
  await terminal.waitFor(
    /^ok {3}Node(.|\n)*\nfail Claude CLI (.|\n)*\n {17}fix: npm install(.|\n)*\n\nDo that, then run doctor again\.\nexit code 1$/,
  );
  expect(await terminal.text({ colors: true })).toMatch(/\[32mok (.|\n)*\[31mfail/);
});
