import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { optionNames } from '../lib/option-rules.ts';
import manifest from '../package.json' with { type: 'json' };
import { root } from './documentation/pages.ts';

describe("the README's tables", () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const source = (file: string) => readFileSync(join(root, 'lib', file), 'utf8');

  it('list every option', () => {
    expect(
      rowsOf(readme, 'Options')
        .flatMap(([names = '']) => wordsOf(names))
        .sort(),
    ).toEqual(optionNames.split(', ').sort());
  });

  it('list every event with its fields', () => {
    const interfaces = [...source('chunks.ts').matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)];
    const fieldsOf = (body = '') => [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, field = '']) => field);
    const events = interfaces.flatMap(([, name, body = '']) => {
      const type = name === 'Summary' ? 'end' : /^ {2}type: '(.+)'/m.exec(body)?.[1];
      const fields = fieldsOf(body).filter(field => field !== 'type');
      return type === undefined ? [] : [[type, fields.sort()] as const];
    });
    expect(events.length).toBeGreaterThan(10);
    const told = rowsOf(readme, 'Events').map(
      ([type = '', fields = '']) => [type.slice(1, -1), wordsOf(fields)] as const,
    );
    expect(Object.fromEntries(told.map(([type, fields]) => [type, fields.sort()]))).toEqual(
      Object.fromEntries(events),
    );
  });

  it('list every error code', () => {
    const [, codes = ''] = /^export type ErrorCode =\n(.*?);/ms.exec(source('errors.ts')) ?? [];
    const known = [...codes.matchAll(/'(\w+)'/g)].map(([, code = '']) => code);
    expect(
      rowsOf(readme, 'Errors')
        .flatMap(([code = '']) => wordsOf(code))
        .sort(),
    ).toEqual(known.sort());
  });

  it('list every entry point', () => {
    const told = rowsOf(readme, 'Entry points').map(([path = '']) => path.slice(1, -1));
    const paths = Object.keys(manifest.exports).map(path => posix.join(manifest.name, path));
    expect([...told, `${manifest.name}/package.json`].sort()).toEqual(paths.sort());
  });
});

/** The cells of the table under a heading, without its first two rows. */
function rowsOf(text: string, heading: string): string[][] {
  const section = text.split(/^## /m).find(part => part.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter(line => line.startsWith('|'));
  return lines.slice(2).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
}

function wordsOf(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);
}
