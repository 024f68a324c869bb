import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Page {
  /** Path from the root of the repository. */
  name: string;
  path: string;
  text: string;
}

/** Everything we write for people. */
export const pages: readonly Page[] = ['.', 'docs', 'examples']
  .map(folder => join(root, folder))
  .flatMap(folder => readdirSync(folder).map(file => join(folder, file)))
  .filter(path => path.endsWith('.md'))
  .map(path => ({ name: relative(root, path), path, text: readFileSync(path, 'utf8') }));

export interface Fence {
  /** What stands behind the opening marks: `ts`, `sh session`, ... */
  info: string;
  code: string;
}

export function fencesOf(text: string): Fence[] {
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, info = '', code = '']) => ({
    info,
    code,
  }));
}

/** Words of code inside the prose. */
export function codeSpansOf(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}
