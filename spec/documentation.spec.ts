import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { execaSync } from 'execa';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { commandLinesOf, knownOptions } from './documentation/command-lines.ts';
import { codeSpansOf, fencesOf, pages, root } from './documentation/pages.ts';
import { entryPoints, problemsOf } from './documentation/problems-of.ts';

const options = await knownOptions();

it('every TypeScript snippet compiles, also those in doc comments', () => {
  const snippets = new Map<string, string>();
  for (const { path, text } of pages) {
    for (const [index, { code }] of fencesOf(text)
      .filter(({ info }) => info === 'ts')
      .entries())
      snippets.set(`${path}.${index + 1}.ts`, code);
  }
  const names = importsOfAll();
  for (const [path, examples] of docComments()) {
    for (const [index, code] of examples.entries()) snippets.set(`${path}.${index + 1}.ts`, names + code);
  }
  expect(snippets.size).toBeGreaterThan(25);
  expect(problemsOf(snippets)).toEqual([]);
});

describe.each(pages.map(page => [page.name, page] as const))('%s', (_name, { path, text }) => {
  it('has no link to a file or heading that is not there', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', heading] = target.split('#');
      const linked = file === '' ? path : join(dirname(path), file);
      expect(existsSync(linked), target).toBe(true);
      if (heading !== undefined) expect(headingsOf(readFileSync(linked, 'utf8')), target).toContain(heading);
    }
  });

  it('has no snippet in a language that nothing here checks', () => {
    const infos = fencesOf(text).map(({ info }) => info);
    expect(['ts', 'sh', 'sh session', 'python', 'text']).toEqual(expect.arrayContaining(infos));
    // An indented block would go past all of this.
    expect(text.replaceAll(/^```.*?^```$/gms, '')).not.toMatch(/\n\n {4}(?![-*\d])/);
  });

  it('names no npm script and no example that is not there', () => {
    for (const [, script = ''] of text.matchAll(/\bnpm (?:run )(?:--silent )?([\w:-]+)/g))
      expect(Object.keys(manifest.scripts)).toContain(script);
    for (const [, example = ''] of text.matchAll(/\bnpm run example ([\w-]+)/g))
      expect(readdirSync(join(root, 'examples'))).toContain(`${example}.mjs`);
  });

  it('uses our command only with options that it has', () => {
    const shell = fencesOf(text)
      .filter(({ info }) => info.startsWith('sh'))
      .map(({ code }) => code);
    const spans = codeSpansOf(text).map(code =>
      code.replace(/^(ask|batch|serve|doctor) /, 'claude-cli-stream $1 '),
    );
    for (const { command, options: used } of [...shell, ...spans].flatMap(commandLinesOf)) {
      expect([...options.keys()]).toContain(command);
      expect(options.get(command), command).toEqual(expect.arrayContaining(used));
    }
    const all = [...options.values()].flat();
    for (const code of codeSpansOf(text))
      if (/^--\w/.test(code)) expect(all).toContain(code.split(/[ =]/)[0]);
  });
});

const python = execaSync('python3', ['--version'], { reject: false }).exitCode === 0;

it.skipIf(!python)('every Python snippet is Python (needs python3)', () => {
  const snippets = pages.flatMap(({ text }) => fencesOf(text)).filter(({ info }) => info === 'python');
  expect(snippets.length).toBeGreaterThan(0);
  const compile = "import sys; compile(sys.stdin.read(), 'snippet', 'exec')";
  for (const { code } of snippets) execaSync('python3', ['-c', compile], { input: code });
});

it('the recording is small, and loads nothing', () => {
  const svg = readFileSync(join(root, 'docs/ask.svg'), 'utf8');
  expect(svg.length).toBeLessThan(100_000);
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
    /https?:|<script|<image|@import|url\(/,
  );
  expect(svg).toContain('claude-cli-stream ask');
});

/** As GitHub makes them: lower case, no punctuation, dashes for spaces. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Examples in doc comments leave the imports out. */
function importsOfAll(): string {
  const lines = entryPoints.map(({ path, source }) => {
    const names = exportsOf(readFileSync(join(root, source), 'utf8'));
    return `import { ${names.join(', ')} } from '${posix.join(manifest.name, path)}';`;
  });
  return `${lines.join('\n')}\nimport { createServer } from 'node:http';\n`;
}

/** Names of the values that a module exports. */
function exportsOf(text: string): string[] {
  const passedOn = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = '']) => names.split(','));
  const own = [...text.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)];
  const names = [...passedOn.map(name => name.trim()), ...own.map(([, name = '']) => name)];
  return names.filter(name => name !== '' && !name.startsWith('type '));
}

function docComments(): [path: string, examples: string[]][] {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' });
  return files
    .filter(file => file.endsWith('.ts'))
    .map(file => {
      const path = join(root, 'lib', file);
      const comments = readFileSync(path, 'utf8').match(/\/\*\*.*?\*\//gs) ?? [];
      const plain = comments.map(comment => comment.replaceAll(/^ +\* ?/gm, ''));
      return [path, plain.flatMap(fencesOf).map(({ code }) => code)];
    });
}
