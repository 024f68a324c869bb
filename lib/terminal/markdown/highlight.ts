import * as languages from '@speed-highlight/core/languages';
import { type ShjLanguageData, type ShjToken, tokenizeWith } from '@speed-highlight/core/tokenize';
import type { Colors } from './style.ts';

const grammars = languages as Record<string, ShjLanguageData>;
const aliases: Record<string, string> = {
  javascript: 'js',
  jsx: 'js',
  mjs: 'js',
  typescript: 'ts',
  tsx: 'ts',
  python: 'py',
  rust: 'rs',
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  yml: 'yaml',
  golang: 'go',
  dockerfile: 'docker',
  makefile: 'make',
  markdown: 'md',
  'c++': 'c',
  cpp: 'c',
};

/** Code in colours, line by line: no colour runs over a line's end. Of an unknown language: as it is. */
export function highlight(code: string, language: string, colors: Colors): string {
  const name = language.toLowerCase();
  const grammar = grammars[aliases[name] ?? name];
  if (!grammar || !colors.isColorSupported) return code;
  let drawn = '';
  const paint = toPaint(colors);
  tokenizeWith(
    code,
    grammar,
    (text, type) => {
      const color = type && paint[type];
      drawn += color
        ? text
            .split('\n')
            .map(line => (line === '' ? '' : color(line)))
            .join('\n')
        : text;
    },
    { languages: grammars },
  );
  return drawn;
}

function toPaint(colors: Colors): Partial<Record<ShjToken, (text: string) => string>> {
  return {
    kwd: colors.magenta,
    oper: colors.magenta,
    str: colors.green,
    insert: colors.green,
    num: colors.yellow,
    bool: colors.yellow,
    func: colors.blue,
    class: colors.blue,
    type: colors.cyan,
    section: colors.cyan,
    var: colors.cyan,
    cmnt: colors.gray,
    deleted: colors.red,
    err: colors.red,
  };
}
