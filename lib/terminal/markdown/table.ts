import type { Tokens } from 'marked';
import stringWidth from 'string-width';
import { inline } from './inline.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

/** Width of a separator, and below which width per column a table is not worth drawing. */
const gap = 3;
const readable = 8;

/** A table whose columns share the width of the terminal; where not even that fits, one line per cell. */
export function table({ header, rows, align }: Tokens.Table, style: Style): string[] {
  const { colors, columns } = style;
  const text = (cell: Tokens.TableCell) => inline(cell.tokens, colors);
  const titles = header.map(text);
  const body = rows.map(row => row.map(text));
  const available = columns - gap * (titles.length - 1);
  const natural = titles.map((_, column) =>
    Math.max(1, ...[titles, ...body].map(row => stringWidth(row[column] ?? ''))),
  );
  const needed = natural.reduce((sum, width) => sum + width, 0);
  if (needed > available && available < readable * titles.length) return cellByCell(titles, body, columns);

  const widths = fit(natural, available);
  const draw = (row: string[]) => drawRow(row, widths, align, colors.dim(' │ '));
  const rule = colors.dim(widths.map(width => '─'.repeat(width)).join('─┼─'));
  return [...draw(titles.map(title => colors.bold(title))), rule, ...body.flatMap(draw)];
}

/** Takes from the widest columns until the sum fits. */
function fit(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  for (; excess > 0; excess--) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function drawRow(
  row: readonly string[],
  widths: readonly number[],
  align: Tokens.Table['align'],
  separator: string,
): string[] {
  const cells = widths.map((width, column) => wrap(row[column] ?? '', width));
  const height = Math.max(...cells.map(lines => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((lines, column) => pad(lines[line] ?? '', widths[column] ?? 0, align[column] ?? null))
      .join(separator)
      .trimEnd(),
  );
}

function pad(text: string, width: number, align: string | null): string {
  const missing = Math.max(width - stringWidth(text), 0);
  const left = align === 'right' ? missing : align === 'center' ? Math.floor(missing / 2) : 0;
  return `${' '.repeat(left)}${text}${' '.repeat(missing - left)}`;
}

function cellByCell(titles: readonly string[], body: readonly string[][], columns: number): string[] {
  return body.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    ...row.flatMap((cell, column) => wrap(`${titles[column] ?? ''}: ${cell}`, columns)),
  ]);
}
