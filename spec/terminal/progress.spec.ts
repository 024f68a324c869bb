import { describe, expect, it } from 'vitest';
import { showProgress, toBar, toWords } from '../../lib/terminal/progress.ts';

const half = { done: 20, failed: 1, total: 40, costUsd: 0.0456, ms: 5_000 };

describe('toBar()', () => {
  it('draws what is done, and says rate, cost and the time that is left', () => {
    expect(toBar(half, 40)).toBe(
      `${'█'.repeat(15)}${'░'.repeat(15)} 20/40 · 1 failed · 4.0/s · $0.0456 · 5s left`,
    );
    expect(toWords({ ...half, done: 40, failed: 0, ms: 61_000 }, 40)).toBe(
      '40/40 · 0.7/s · $0.0456 · in 1m1s',
    );
  });

  it.each([10, 40, 50, 80])('fits into %i columns', columns => {
    expect(toBar(half, 40, columns).length).toBeLessThan(columns);
  });
});

describe('showProgress()', () => {
  function terminal(isTTY: boolean) {
    const written: string[] = [];
    const output = { isTTY, columns: 80, write: (text: string) => written.push(text) > 0 };
    return { written, output: Object.assign(Object.create(process.stderr), output) as NodeJS.WriteStream };
  }

  it('draws over one line in a terminal', () => {
    const { written, output } = terminal(true);
    const progress = showProgress(output, 40);
    progress.update(half);
    progress.end();
    const none = `${'░'.repeat(30)} 0/40`;
    expect(written).toEqual([`\r${none}\x1b[K`, `\r${toBar(half, 40, 80)}\x1b[K`, '\n']);
  });

  it('writes plain lines elsewhere, and few of them', () => {
    const { written, output } = terminal(false);
    const progress = showProgress(output, 40);
    for (let done = 1; done <= 40; done++) progress.update({ ...half, done });
    progress.end();
    expect(written).toEqual([`${toWords({ ...half, done: 40 }, 40)}\n`]);
  });
});
