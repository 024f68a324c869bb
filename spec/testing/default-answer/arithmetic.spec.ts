import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerArithmetic, evaluate } from '../../../lib/testing/default-answer/arithmetic.ts';

describe('answerArithmetic', () => {
  it.each([
    ['2+2', '4'],
    ['2 + 2 =', '4'],
    ['2+2?', '4'],
    ['What is 2+2?', '4'],
    ["what's 2 + 2", '4'],
    ['What is 2 + 2? Answer with the number only.', '4'],
    ['Calculate 17 * (3 - 1)', '34'],
    ['What is 12 divided by 4?', '3'],
    ['what is 3 x 4', '12'],
    ['What is six times 7?', undefined],
    ['What is 1,000 + 1?', '1001'],
    ['how much is 0.1+0.2?', '0.3'],
    ['What is -3 - -4?', '1'],
    ['1/0', 'That has no result.'],
    ['What is 42?', undefined],
    ['2024-05-01 was a good day', undefined],
    ['Call me at 555-1234.', undefined],
    ['What is 2 + ?', undefined],
    ['What is (2 + 3?', undefined],
    ['Hello', undefined],
  ])('%s -> %s', (prompt, answer) => {
    expect(answerArithmetic({ prompt })).toBe(answer);
  });
});

describe('evaluate', () => {
  it('agrees with JavaScript on every expression of + - * / and brackets', () => {
    const { expression } = fc.letrec<{ expression: string }>(tie => ({
      expression: fc.oneof(
        { maxDepth: 5 },
        fc.nat(99).map(String),
        fc
          .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/'), tie('expression'))
          .map(([left, sign, right]) => `(${left} ${sign} ${right})`),
        fc.tuple(fc.nat(9), fc.constantFrom('+', '-', '*'), fc.nat(9)).map(parts => parts.join(' ')),
      ),
    }));
    fc.assert(
      fc.property(expression, text => {
        const expected: number = Function(`return ${text}`)();
        expect(evaluate(text)).toBe(Number.isNaN(expected) ? undefined : expected);
      }),
    );
  });
});
