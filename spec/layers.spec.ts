import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const lib = fileURLToPath(new URL('../lib', import.meta.url));
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));

interface Import {
  from: string;
  to: string;
  /** `import type`, which leaves nothing behind at run time. */
  typeOnly: boolean;
}

const imports = files.flatMap(importsOf);

/** Who may import whom: each room those after it. A file in no room belongs to the call. */
const layers = [
  'terminal',
  'server',
  'telemetry',
  'batch',
  'messages',
  'stores',
  'call',
  'workers',
  'cli',
  'process',
  'facts',
  'testing',
];

/** What everybody may use: types, errors, diagnostics, and files that import nothing. */
const facts =
  /^(call|read-ahead|chunks|token-counts|errors|diagnostics|leavable|until-aborted|limiter|abort|options|option-rules|retry|prompt|text-stream)\.ts$/;

it('every room has its place', () => {
  expect(files.filter(file => !layers.includes(layerOf(file)))).toEqual([]);
});

it('imports point one way', () => {
  const place = (file: string) => layers.indexOf(layerOf(file));
  const wrongWay = imports.filter(
    ({ from, to, typeOnly }) => !typeOnly && to.endsWith('.ts') && place(to) < place(from),
  );
  expect(wrongWay).toEqual([]);
});

describe('one file knows a library', () => {
  it.each([
    ['execa', 'process/spawn.ts'],
    ['split2', 'process/lines.ts'],
    ['signal-exit', 'process/exit.ts'],
    ['p-queue', 'limiter.ts'],
  ])('%s: %s', (library, file) => {
    expect(imports.filter(({ to }) => to === library).map(({ from }) => from)).toEqual([file]);
  });
});

it('only the process layer starts processes', () => {
  const outside = imports.filter(
    ({ from, to }) => to === 'node:child_process' && !from.startsWith('process/'),
  );
  expect(outside.filter(({ typeOnly }) => !typeOnly)).toEqual([]);
});

it('the library itself loads no other room than the call, its workers, the CLI and its process', () => {
  const rooms = new Set(reachableFrom('index.ts').map(layerOf));
  expect([...rooms].sort()).toEqual(['call', 'cli', 'facts', 'process', 'workers']);
});

const core = ['execa', 'p-queue', 'signal-exit', 'split2'];

it.each([
  ['index.ts', core],
  ['messages/index.ts', [...core, 'zod']],
  ['stores/index.ts', [...core, 'keyv']],
  ['batch/index.ts', [...core, 'p-retry', 'zod']],
  ['metrics.ts', []],
  ['telemetry/prometheus.ts', ['prom-client']],
  ['telemetry/opentelemetry.ts', ['@opentelemetry/api']],
])('%s loads no library but %j', (entry, libraries) => {
  expect([...librariesOf(entry)].sort()).toEqual([...libraries].sort());
});

it('the command knows its options before it loads anything but their parser', () => {
  expect(librariesOf('terminal/main.ts')).toEqual(new Set(['commander']));
});

it('the offline API stands alone', () => {
  const outside = imports.filter(
    ({ from, to }) => from.startsWith('testing/') && to.endsWith('.ts') && !to.startsWith('testing/'),
  );
  expect(outside).toEqual([]);
});

function layerOf(file: string): string {
  if (facts.test(file)) return 'facts';
  const [folder, rest] = file.split('/');
  return rest === undefined || folder === undefined ? 'call' : folder;
}

function librariesOf(entry: string): Set<string> {
  const reached = new Set(reachableFrom(entry));
  const loaded = imports.filter(
    ({ from, to, typeOnly }) => reached.has(from) && !typeOnly && !/\.ts$|^node:/.test(to),
  );
  return new Set(loaded.map(({ to }) => to));
}

function reachableFrom(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  for (const { from, to, typeOnly } of imports) {
    if (from === file && !typeOnly && to.endsWith('.ts')) reachableFrom(to, seen);
  }
  return [...seen];
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(lib, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/gm);
  return [...statements].map(([, type, name = '']) => ({
    from: file,
    to: name.startsWith('.') ? relative(lib, join(lib, dirname(file), name)) : name,
    typeOnly: type !== undefined,
  }));
}
