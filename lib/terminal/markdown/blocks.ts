import type { Token, Tokens } from 'marked';
import { highlight } from './highlight.ts';
import { inline } from './inline.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { wrap, wrapAnywhere } from './wrap.ts';

/** Markdown blocks as lines for a terminal, with an empty line between blocks. */
export function blocks(tokens: readonly Token[], style: Style): string[] {
  const drawn = tokens.map(token => block(token, style)).filter(lines => lines.length > 0);
  return drawn.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function block(token: Token, style: Style): string[] {
  const { colors, columns } = style;
  switch (token.type) {
    case 'space':
    case 'def':
      return [];
    case 'heading':
      return heading(token as Tokens.Heading, style);
    case 'code':
      return code(token as Tokens.Code, style);
    case 'list':
      return list(token as Tokens.List, style);
    case 'blockquote':
      return prefixed(blocks((token as Tokens.Blockquote).tokens, narrower(style, 2)), colors.dim('│ '));
    case 'table':
      return table(token as Tokens.Table, style);
    case 'hr':
      return [colors.dim('─'.repeat(columns))];
    case 'html':
      return wrap(token.raw.trimEnd(), columns);
    default:
      return wrap(inline('tokens' in token && token.tokens ? token.tokens : [token], colors), columns);
  }
}

/** Without colours the marks stay, or a heading would look like any line. */
function heading({ depth, tokens }: Tokens.Heading, { colors, columns }: Style): string[] {
  const text = inline(tokens, colors);
  if (!colors.isColorSupported) return wrap(`${'#'.repeat(depth)} ${text}`, columns);
  return wrap(colors.bold(depth === 1 ? colors.underline(text) : text), columns);
}

/** Not indented, not broken, and with its fences, so that what is copied from the terminal is the code itself. */
function code({ text, lang = '' }: Tokens.Code, { colors, columns, nested }: Style): string[] {
  const language = lang.split(/\s/, 1)[0] ?? '';
  const whole = highlight(text, language, colors).split('\n');
  const lines = nested ? whole.flatMap(line => wrapAnywhere(line, columns)) : whole;
  return [colors.dim(`\`\`\`${language}`.slice(0, columns)), ...lines, colors.dim('```')];
}

function list({ items, ordered, start, loose }: Tokens.List, style: Style): string[] {
  return items.flatMap((item, index) => {
    const marker = ordered ? `${Number(start) + index}. ` : '• ';
    const box = item.task ? (item.checked ? '☑ ' : '☐ ') : '';
    const indent = ' '.repeat(marker.length);
    const inner = item.tokens.filter(token => token.type !== 'checkbox');
    const drawn = inner.map(token => block(token, narrower(style, indent.length)));
    const gap = loose ? [''] : [];
    const lines = drawn
      .filter(part => part.length > 0)
      .flatMap((part, at) => (at ? [...gap, ...part] : part));
    const [first = '', ...rest] = box ? [`${box}${lines[0] ?? ''}`, ...lines.slice(1)] : lines;
    const before = loose && index > 0 ? [''] : [];
    return [...before, `${marker}${first}`, ...rest.map(line => (line === '' ? '' : `${indent}${line}`))];
  });
}

function prefixed(lines: string[], prefix: string): string[] {
  return lines.map(line => `${prefix}${line}`);
}

function narrower(style: Style, by: number): Style {
  return { ...style, columns: Math.max(style.columns - by, 8), nested: true };
}
