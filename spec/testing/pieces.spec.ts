import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inPieces, joined, words } from '../../lib/testing/pieces.ts';

const text = fc.string({
  unit: fc.oneof(fc.constantFrom(' ', '\n', '\u00a0'), fc.string({ unit: 'binary' })),
});

it('words add up to the text, and only the last may lack white space at its end', () => {
  fc.assert(
    fc.property(text, whole => {
      const pieces = [...words(whole)];
      expect(pieces.join('')).toBe(whole);
      for (const piece of pieces.slice(0, -1)) expect(piece).toMatch(/\s$/);
    }),
  );
});

it('slices add up to the text, are well-formed and of the given size', async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (whole, size) => {
      const pieces: string[] = [];
      for await (const piece of inPieces(whole, size)) pieces.push(piece);
      expect(pieces.join('')).toBe(whole);
      for (const [index, piece] of pieces.entries()) {
        expect(encodeURIComponent(piece)).toBeTruthy();
        expect(piece.length).toBeLessThanOrEqual(size + 1);
        if (index < pieces.length - 1) expect(piece.length).toBeGreaterThanOrEqual(size);
      }
    }),
  );
});

it('given deltas stay as they are', async () => {
  const deltas = ['a b', '', 'c'];
  const pieces: string[] = [];
  for await (const piece of inPieces(deltas, 1)) pieces.push(piece);
  expect(pieces).toEqual(deltas);
  expect(await joined(deltas)).toBe('a bc');
});
