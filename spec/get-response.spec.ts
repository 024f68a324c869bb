import { expect, it } from 'vitest';
import { getResponse } from '../lib/index.ts';
import { fake } from './fixtures/outcome.ts';

it('resolves with the summary', async () => {
  const summary = await getResponse('hello', { pathToClaudeCodeExecutable: fake('echoes') });
  expect(summary).toMatchObject({ text: 'hello', stopReason: 'end_turn', turns: 1 });
  expect(summary.firstTextMs).toBeLessThanOrEqual(summary.durationMs);
});

it('rejects with the error', async () => {
  await expect(
    getResponse('hello', { pathToClaudeCodeExecutable: fake('dies-mid-line') }),
  ).rejects.toMatchObject({
    code: 'CLI_EXITED',
    text: 'half an ans',
  });
});

it('rejects, and does not throw, when an option is wrong', async () => {
  await expect(getResponse('')).rejects.toMatchObject({ code: 'INVALID_OPTION', option: 'prompt' });
});
