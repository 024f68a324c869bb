import type { Token } from 'marked';
import { printable } from '../printable.ts';
import type { Colors } from './style.ts';

/** Inline Markdown as text with terminal colours. Without colours the marks that carry meaning stay. */
export function inline(tokens: readonly Token[], colors: Colors): string {
  return tokens.map(token => piece(token, colors)).join('');
}

function piece(token: Token, colors: Colors): string {
  const inner = () => ('tokens' in token && token.tokens ? inline(token.tokens, colors) : unescaped(token));
  switch (token.type) {
    case 'strong':
      return colors.bold(inner());
    case 'em':
      return colors.italic(inner());
    case 'del':
      return colors.strikethrough(inner());
    case 'codespan':
      return colors.isColorSupported ? colors.cyan(token.text) : token.raw;
    case 'link':
      return link(inner(), token.href, colors);
    case 'image':
      return link(`[${token.text || 'image'}]`, token.href, colors);
    case 'br':
      return '\n';
    case 'text':
    case 'escape':
      // A line end in a paragraph is a space; the width of the terminal decides where lines end.
      return inner().replaceAll('\n', ' ');
    default:
      return token.raw;
  }
}

function link(text: string, href: string, colors: Colors): string {
  if (text === href || `mailto:${text}` === href) return colors.underline(text);
  return `${colors.underline(text)} ${colors.dim(`(${href})`)}`;
}

function unescaped(token: Token): string {
  return 'text' in token && typeof token.text === 'string' ? decoded(token.text) : token.raw;
}

/** marked decodes `&#27;` by itself, so what came as text may only now be a control character. */
function decoded(text: string): string {
  return printable(text.replaceAll(/&(\w+);/g, (entity, name: string) => entities.get(name) ?? entity));
}

const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', '\u00a0'],
]);
