import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Screen } from '../../lib/terminal/screen.ts';

/** A terminal that knows what `Screen` uses: lines that wrap, cursor up, and erasing to the end of a line. */
class Emulator {
  columns = 10;
  rows = 10;
  readonly lines: string[] = [''];
  writes = 0;
  #row = 0;
  #column = 0;

  write(text: string): void {
    this.writes++;
    for (const [token, up] of text.replaceAll('\x1b[', '\0').matchAll(/\0(\d+)A|\0K|[^\0]/g)) {
      if (up) this.#row = Math.max(this.#row - Number(up), this.lines.length - this.rows, 0);
      else if (token === '\0K') this.#erase();
      else if (token === '\r') this.#column = 0;
      else if (token === '\n') this.#next();
      else {
        if (this.#column === this.columns) this.#next();
        this.#put(token + (this.lines[this.#row] ?? '').slice(this.#column + 1));
        this.#column++;
      }
    }
  }

  /** Behind a row that is full, the cursor stands on its last character. */
  #erase(): void {
    this.#column = Math.min(this.#column, this.columns - 1);
    this.#put('');
  }

  /** Replaces the row from the cursor on. */
  #put(rest: string): void {
    this.lines[this.#row] = (this.lines[this.#row] ?? '').slice(0, this.#column) + rest;
  }

  #next(): void {
    this.#column = 0;
    this.lines[++this.#row] ??= '';
  }

  /** Empty lines below the last one are the screen's, not ours. */
  shown(): string {
    return this.lines.join('\n').trimEnd();
  }
}

it('shows the final lines and the last live ones, whatever came between', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 30, size: 'max' });
  const drawing = fc.record({
    final: fc.array(line, { maxLength: 15 }),
    live: fc.array(line, { maxLength: 3 }),
  });
  const rowsOf = (text: string) => text.match(/.{1,10}/g) ?? [''];
  fc.assert(
    fc.property(fc.array(drawing, { minLength: 1, maxLength: 10 }), drawings => {
      const emulator = new Emulator();
      const screen = new Screen(emulator);
      for (const { final, live } of drawings) screen.draw(final, live);
      const expected = [...drawings.flatMap(({ final }) => final), ...(drawings.at(-1)?.live ?? [])];
      expect(emulator.shown()).toBe(expected.flatMap(rowsOf).join('\n').trimEnd());
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
  expect(written[1]).toBe('\r\x1b[1Ad\x1b[K\n');
});

it('leaves alone what has scrolled out of reach', () => {
  const emulator = new Emulator();
  const screen = new Screen(emulator);
  const lines = (mark: string) => Array.from({ length: 15 }, (_, index) => `${index} ${mark}`);
  screen.draw([], lines('old'));
  screen.draw([], lines('new'));
  expect(emulator.lines.slice(0, 15)).toEqual([...lines('old').slice(0, 6), ...lines('new').slice(6)]);
});

it('of a line that has scrolled away in part, rewrites what is in reach', () => {
  const emulator = new Emulator();
  const screen = new Screen(emulator);
  const line = (end: string) => `${'a'.repeat(115)}${end}`;
  screen.draw([], [line('old')]);
  screen.draw([line('new')]);
  expect(emulator.shown()).toBe(
    line('new')
      .match(/.{1,10}/g)
      ?.join('\n'),
  );
});

it('begins at the start of a row, wherever others have left the cursor', () => {
  const emulator = new Emulator();
  const screen = new Screen(emulator);
  screen.draw([], ['abc']);
  emulator.write('^C');
  screen.draw([], ['abd']);
  expect(emulator.lines[0]).toBe('abd');
});

it('goes on below what others have written', () => {
  const emulator = new Emulator();
  const screen = new Screen(emulator);
  screen.draw([], ['abc']);
  emulator.write('$ fg\n');
  screen.leave();
  screen.draw([], ['abcd']);
  expect(emulator.shown()).toBe('abc\n$ fg\nabcd');
});

it('takes a terminal that does not know its size for one of 80 columns', () => {
  expect(new Screen({ columns: 0, rows: 0, write: () => {} }).columns).toBe(80);
});
