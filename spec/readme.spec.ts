import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { optionNames } from '../lib/option-rules.ts';
import manifest from '../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = ['.', 'docs', 'examples']
  .map(folder => join(root, folder))
  .filter(folder => existsSync(folder))
  .flatMap(folder => readdirSync(folder).map(file => join(folder, file)))
  .filter(file => file.endsWith('.md'));

it('every TypeScript snippet in the documentation compiles', () => {
  const snippets = new Map<string, string>();
  for (const page of pages) {
    for (const [index, code] of snippetsOf(page).entries())
      snippets.set(`${page.replace(/\.md$/, '')}.snippet-${index + 1}.ts`, code);
  }
  expect(snippets.size).toBeGreaterThan(3);
  expect(problemsOf(snippets)).toEqual([]);
}, 60_000);

describe.each(pages.map(page => [relative(root, page), page]))('%s', (_name, page) => {
  const text = readFileSync(page, 'utf8');

  it('has no link to a file or heading that is not there', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      expect(existsSync(file), target).toBe(true);
      if (heading !== undefined) expect(headingsOf(readFileSync(file, 'utf8')), target).toContain(heading);
    }
  });

  it('names no npm script that is not there', () => {
    for (const [, script = ''] of text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g))
      expect(Object.keys(manifest.scripts)).toContain(script);
  });
});

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

function snippetsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
}

/** As GitHub makes them: lower case, no punctuation, dashes for spaces. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Compiles files that exist only here, next to the page they come from, against the package's own sources. */
function problemsOf(files: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  options.paths = Object.fromEntries(
    Object.entries(manifest.exports).flatMap(([subpath, target]) => {
      if (typeof target === 'string') return [];
      const source = target.default.replace('./dist/', './lib/').replace(/\.js$/, '.ts');
      return [[posix.join(manifest.name, subpath), [source]]];
    }),
  );
  options.noUnusedLocals = false;
  options.moduleDetection = ts.ModuleDetectionKind.Force;

  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = name => files.get(name) ?? readFile(name);
  host.fileExists = name => files.has(name) || fileExists(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap(name => {
    const source = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText, start }) => {
        const line = source?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
        return `${relative(root, name)}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
}
