import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseLine } from '../../lib/cli/parse-line.ts';

it.each([
  ['null', 'a line is not a JSON object'],
  ['42', 'a line is not a JSON object'],
  ['"text"', 'a line is not a JSON object'],
  ['true', 'a line is not a JSON object'],
  ['[{"type":"result"}]', 'a line is not a JSON object'],
  ['{}', 'a message has no type'],
  ['{"type":1}', 'a message has no type'],
  ['{"type":null}', 'a message has no type'],
  ['', 'a line is not JSON'],
  ['Error: out of cheese', 'a line is not JSON'],
  ['{"type":"resu', 'a line is not JSON'],
  ['{"type":"a"}{"type":"b"}', 'a line is not JSON'],
])('%s is no message: %s', (line, problem) => {
  expect(parseLine(line)).toMatchObject({ ok: false, problem });
});

it('any object with a type is a message, whatever else is in it', () => {
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (type, rest) => {
      const message = JSON.parse(JSON.stringify({ ...rest, type }));
      expect(parseLine(JSON.stringify(message))).toEqual({ ok: true, message });
    }),
  );
});

it('no line makes it throw', () => {
  fc.assert(fc.property(fc.string(), line => typeof parseLine(line).ok === 'boolean'));
});
