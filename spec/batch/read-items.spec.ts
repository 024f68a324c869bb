import { expect, it } from 'vitest';
import { readItems } from '../../lib/batch/read-items.ts';

it('reads what Windows writes: a byte order mark and CRLF', () => {
  const lines = readItems('\uFEFFone\r\n\r\ntwo \r\n');
  expect(lines.map(({ prompt }) => prompt)).toEqual(['one', 'two']);
  const items = readItems('\uFEFF{"id":"a","prompt":"one"}\r\n{"id":7,"prompt":"two"}\r\n');
  expect(items.map(({ id, prompt }) => [id, prompt])).toEqual([
    ['a', 'one'],
    ['7', 'two'],
  ]);
});

it('knows an item again wherever it stands, and each of its repetitions', () => {
  const [one, two, again] = readItems('one\ntwo\none');
  expect(readItems('two\none\none\n').map(({ id }) => id)).toEqual([two?.id, one?.id, again?.id]);
  expect(readItems('{"prompt":"one","model":"opus"}')[0]?.id).not.toBe(readItems('{"prompt":"one"}')[0]?.id);
});

it('takes options that shape an answer, and none that start programs or read files', () => {
  const [item] = readItems('{"prompt":"one","model":"opus","temperature":0.5,"tools":["Bash"],"cwd":"/"}');
  expect(item?.options).toEqual({ model: 'opus', temperature: 0.5 });
});
