import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';
import { runCommand } from './run-command.ts';
import { hasTmux, openTerminal } from './tmux.ts';

let api: OfflineApi;
beforeAll(async () => {
  api = await startOfflineApi();
});
afterAll(() => api.close());

it('finds everything in order, with the time of each step of a call', async () => {
  const { stdout, exitCode } = await runCommand(['doctor'], { env: api.env });
  expect(stdout).toMatch(
    /^ok {3}Node {8}\d.*\nok {3}Claude CLI {2}\d\S+, .*\nok {3}sign-in {5}api_key\nok {3}round trip {2}real CLI, offline API, .* s\n/,
  );
  expect(stdout).toMatch(
    /(\n {17}(process started|prompt taken|first text|end) \d+ ms){4}\n\nAll is well\.$/,
  );
  expect(exitCode).toBe(0);
  expect(api.requests).toHaveLength(0);
});

it('makes a real call only when asked', async () => {
  const { stdout } = await runCommand(['doctor', '--live', '--json'], { env: api.env });
  const { ok, findings } = JSON.parse(stdout);
  expect(ok).toBe(true);
  expect(findings.at(-1)).toMatchObject({ name: 'live call', ok: true });
  expect(findings.at(-2).times).toHaveProperty('prompt taken');
  expect(api.requests).toHaveLength(1);
});

it('says what to do when nobody is signed in, and goes on', async () => {
  const env = { ...api.env, ANTHROPIC_API_KEY: undefined };
  const { stdout, exitCode } = await runCommand(['doctor'], { env });
  expect(stdout).toMatch(
    /\nfail sign-in .*\n +fix: run "claude" once and sign in.*\nok {3}round trip(.|\n)*\n\nDo that, then run doctor again\.$/,
  );
  expect(exitCode).toBe(1);
});

it('says what to do when there is no CLI, and stops there', async () => {
  const env = { ...api.env, CLAUDE_CODE_EXECUTABLE: '/nowhere/claude' };
  const { stdout, exitCode } = await runCommand(['doctor'], { env });
  expect(stdout).toMatch(
    /\nfail Claude CLI .*nowhere.*\n +fix: npm install --global @anthropic-ai\/claude-code.*\n\nDo that/,
  );
  expect(exitCode).toBe(1);
});

it.skipIf(!hasTmux)(
  'says it in colours in a terminal, one finding after the other (needs tmux)',
  async () => {
    const env = { ...api.env, ANTHROPIC_API_KEY: undefined };
    await using terminal = await openTerminal(['doctor'], { env });
    await terminal.waitFor(/^ok {3}Node(.|\n)*\nfail sign-in {5}nobody is signed in\n {17}fix: run "claude"/);
    await terminal.waitFor(/\nok {3}round trip(.|\n)*\n\nDo that, then run doctor again\.\nexit code 1$/);
    expect(await terminal.text({ colors: true })).toMatch(/\[32mok (.|\n)*\[31mfail/);
  },
);
