import { existsSync, mkdtempSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BudgetExceededError, type BudgetStatus, createBudget } from '../../lib/stores/index.ts';
import { runScript } from '../fixtures/run-script.ts';

const base = mkdtempSync(join(tmpdir(), 'budget-spec-'));
afterAll(() => rm(base, { recursive: true }));
let directory = base;
let number = 0;
beforeEach(() => {
  number += 1;
  directory = join(base, String(number));
});
afterEach(() => vi.useRealTimers());

const at = (time: string) => vi.useFakeTimers({ now: new Date(time), toFake: ['Date'] });

describe('createBudget()', () => {
  it('says what is spent and left, and refuses when nothing is left', () => {
    at('2026-02-27T22:00:00Z');
    const budget = createBudget({ usd: 1, tokens: 100, window: 'month' });
    budget.record({ usd: 0.25, tokens: 40 });
    expect(budget.check()).toEqual({
      spent: { usd: 0.25, tokens: 40 },
      limit: { usd: 1, tokens: 100 },
      left: { usd: 0.75, tokens: 60 },
      resetsAt: new Date('2026-03-01T00:00:00Z'),
    });
    budget.record({ usd: 0.25, tokens: 70 });
    expect(budget.status().left).toEqual({ usd: 0.5, tokens: 0 });
    expect(() => budget.check()).toThrow(BudgetExceededError);
    expect(() => budget.check()).toThrow(
      'The budget is spent: 0.5000 of 1 US dollars, 110 of 100 tokens. It resets at 2026-03-01T00:00:00.000Z.',
    );
  });

  it.each([
    ['day', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z'],
    ['month', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z'],
    [3_600_000, '2026-12-31T22:30:00Z', '2026-12-31T23:00:00Z'],
  ] as const)('starts again with the next window: %s', (window, before, after) => {
    const budget = createBudget({ usd: 1, window, directory });
    at(before);
    budget.record({ usd: 2, tokens: 0 });
    expect(() => budget.check()).toThrow(
      expect.objectContaining({ code: 'BUDGET_EXCEEDED', resetsAt: new Date(after) }),
    );
    at(after);
    expect(budget.check().spent.usd).toBe(0);
  });

  it('never starts again without a window', () => {
    const budget = createBudget({ usd: 1 });
    budget.record({ usd: 2, tokens: 0 });
    expect(() => budget.check()).toThrow(expect.objectContaining({ resetsAt: null }));
  });

  it('calls onThreshold once per window', () => {
    const calls: BudgetStatus[] = [];
    const onThreshold = (status: BudgetStatus) => calls.push(status);
    const budget = createBudget({ usd: 1, window: 'day', threshold: 0.5, onThreshold });
    at('2026-01-01T00:00:00Z');
    budget.record({ usd: 0.4, tokens: 0 });
    expect(calls).toHaveLength(0);
    for (const usd of [0.2, 0.2]) budget.record({ usd, tokens: 0 });
    expect(calls.map(({ spent }) => spent.usd)).toEqual([expect.closeTo(0.6)]);
    at('2026-01-02T00:00:00Z');
    budget.record({ usd: 0.5, tokens: 0 });
    expect(calls).toHaveLength(2);
  });

  it('keeps what was spent, for every budget on the folder, in a file only its owner reads', async () => {
    const [one, other] = [1, 2].map(usd => createBudget({ usd, window: 'day', directory }));
    one?.record({ usd: 0.5, tokens: 10 });
    expect(other?.status().spent).toEqual({ usd: 0.5, tokens: 10 });
    other?.record({ usd: 0.5, tokens: 10 });
    expect(one?.status().spent).toEqual({ usd: 1, tokens: 20 });
    const [name = ''] = await readdir(directory);
    expect(name).toMatch(/^day-\d{4}-\d\d-\d\d\.jsonl$/);
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('reads past a torn line, and starts anew when the file is removed', async () => {
    const budget = createBudget({ usd: 1, directory });
    budget.record({ usd: 0.1, tokens: 1 });
    await appendFile(join(directory, 'spent.jsonl'), '{"at":"2026-01-01T00:0');
    expect(budget.status().spent.usd).toBe(0.1);
    budget.record({ usd: 0.1, tokens: 1 });
    expect(budget.status().spent).toEqual({ usd: 0.2, tokens: 2 });
    expect(createBudget({ usd: 1, directory }).status().spent).toEqual({ usd: 0.2, tokens: 2 });
    await rm(join(directory, 'spent.jsonl'));
    expect(budget.status().spent.usd).toBe(0);
  });

  it('loses no entry when three processes write 2,000 each and one is killed', async () => {
    const scripts = [1, 2, 3].map(() => runScript('spend.mjs', directory, '2000'));
    const killed = runScript('spend.mjs', directory, '10000000');
    await Promise.all(scripts.map(script => script.result()));
    killed.kill();
    await killed.result();
    const { spent } = createBudget({ usd: 1, window: 'day', directory }).status();
    const [name = ''] = await readdir(directory);
    const lines = (await readFile(join(directory, name), 'utf8')).split('\n').filter(line => line !== '');
    expect(lines.length).toBeGreaterThanOrEqual(6_000);
    expect(spent.tokens).toBe(lines.length * 5);
    expect(spent.usd).toBeCloseTo(lines.length * 0.01, 6);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'counts what a full disk did not take, and writes it later',
    async () => {
      const budget = createBudget({ usd: 1, directory });
      const file = join(directory, 'spent.jsonl');
      await symlink('/dev/full', file);
      const warnings: Error[] = [];
      const note = (warning: Error) => warnings.push(warning);
      process.on('warning', note);
      for (let entry = 0; entry < 3; entry++) budget.record({ usd: 0.1, tokens: 1 });
      expect(budget.status().spent).toEqual({ usd: expect.closeTo(0.3), tokens: 3 });
      await rm(file);
      budget.record({ usd: 0.1, tokens: 1 });
      process.off('warning', note);
      expect(warnings.map(String)).toEqual([expect.stringContaining('ENOSPC')]);
      for (const each of [budget, createBudget({ usd: 1, directory })])
        expect(each.status().spent).toEqual({ usd: expect.closeTo(0.4), tokens: 4 });
    },
  );

  it('refuses options that limit nothing', () => {
    expect(() => createBudget({})).toThrow('Invalid usd');
    expect(() => createBudget({ usd: -1 })).toThrow('Invalid usd');
    expect(() => createBudget({ usd: 1, window: 0 })).toThrow('Invalid window');
    expect(() => createBudget({ usd: 1, threshold: 80 })).toThrow('Invalid threshold');
  });
});
