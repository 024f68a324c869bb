import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Screen } from '../../lib/terminal/screen.ts';

/** A terminal that knows what `Screen` uses: lines, cursor up, and erasing to the end of a line. */
class Emulator {
  columns = 40;
  rows = 10;
  readonly lines: string[] = [''];
  writes = 0;
  #row = 0;

  write(text: string): void {
    this.writes++;
    for (const [, up, line] of text
      .split('\x1b')
      .join('')
      .matchAll(/\[(\d+)A|\[K([^\n]*)\n/g)) {
      if (up) this.#row = Math.max(this.#row - Number(up), this.lines.length - this.rows, 0);
      else this.lines[this.#row++] = line ?? '';
      this.lines[this.#row] ??= '';
    }
  }

  /** Empty lines below the last one are the screen's, not ours. */
  shown(): string {
    return this.lines.join('\n').trimEnd();
  }
}

it('shows the final lines and the last live ones, whatever came between', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
  const drawing = fc.record({
    final: fc.array(line, { maxLength: 15 }),
    live: fc.array(line, { maxLength: 8 }),
  });
  fc.assert(
    fc.property(fc.array(drawing, { minLength: 1, maxLength: 10 }), drawings => {
      const emulator = new Emulator();
      const screen = new Screen(emulator);
      for (const { final, live } of drawings) screen.draw(final, live);
      const expected = [...drawings.flatMap(({ final }) => final), ...(drawings.at(-1)?.live ?? [])];
      expect(emulator.shown()).toBe(expected.join('\n').trimEnd());
    }),
  );
});

it('writes once per drawing, and not at all when nothing has changed', () => {
  const emulator = new Emulator();
  const screen = new Screen(emulator);
  screen.draw(['a'], ['b', 'c']);
  screen.draw(['b'], ['c']);
  screen.draw([], ['c']);
  expect(emulator.writes).toBe(1);
});

it('rewrites only from the first line that changed', () => {
  const written: string[] = [];
  const screen = new Screen({ columns: 40, rows: 10, write: text => written.push(text) });
  screen.draw([], ['a', 'b', 'c']);
  screen.draw([], ['a', 'b', 'd']);
  expect(written[1]).toBe('\x1b[1A\x1b[Kd\n');
});

it('leaves alone what has scrolled out of reach', () => {
  const emulator = new Emulator();
  const screen = new Screen(emulator);
  const lines = (mark: string) => Array.from({ length: 15 }, (_, index) => `${index} ${mark}`);
  screen.draw([], lines('old'));
  screen.draw([], lines('new'));
  expect(emulator.lines.slice(0, 15)).toEqual([...lines('old').slice(0, 6), ...lines('new').slice(6)]);
});
