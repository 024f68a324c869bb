import { type Spread, spreadOf } from './statistics.ts';

/** Measurements by row and column; a cell holds one number per round. */
export class Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows = new Map<string, Map<string, number[]>>();

  constructor(title: string, columns: readonly string[], rows: readonly string[]) {
    this.title = title;
    this.columns = columns;
    for (const row of rows) this.rows.set(row, new Map());
  }

  add(row: string, values: Record<string, number>): void {
    const cells = this.rows.get(row) ?? new Map<string, number[]>();
    this.rows.set(row, cells);
    for (const [column, value] of Object.entries(values)) {
      cells.set(column, [...(cells.get(column) ?? []), value]);
    }
  }

  samples(row: string, column: string): number[] {
    return this.rows.get(row)?.get(column) ?? [];
  }

  toJSON(): unknown {
    const rows = [...this.rows].map(([row, cells]) => [row, Object.fromEntries(cells)]);
    return { title: this.title, rows: Object.fromEntries(rows) };
  }
}

/** What was aimed at, and what was measured. */
export interface Target {
  what: string;
  measured: Spread;
  limit: { atMost: number } | { atLeast: number };
  unit?: string;
}

export interface Findings {
  tables: Table[];
  targets: Target[];
}

export function isMet({ measured, limit }: Target): boolean {
  return 'atMost' in limit ? measured.median <= limit.atMost : measured.median >= limit.atLeast;
}

/** Markdown, so that a run can be pasted into a document as it is. */
export function print({ tables, targets }: Findings): string {
  return [...tables.map(printTable), ...(targets.length > 0 ? [printTargets(targets)] : [])].join('\n\n');
}

function printTable({ title, columns, rows }: Table): string {
  const lines = [...rows].map(([row, cells]) => [
    row,
    ...columns.map(column => cell(cells.get(column) ?? [])),
  ]);
  return `### ${title}\n\nMedian (quartiles).\n\n${markdown(['', ...columns], lines)}`;
}

function printTargets(targets: readonly Target[]): string {
  const lines = targets.map(target => {
    const { what, measured, limit, unit = '' } = target;
    const aim = 'atMost' in limit ? `<= ${limit.atMost}` : `>= ${limit.atLeast}`;
    const spread = `${number(measured.median)} (${number(measured.low)} to ${number(measured.high)})`;
    return [what, `${aim}${unit}`, `${spread}${unit}`, String(measured.n), isMet(target) ? 'met' : 'not met'];
  });
  return `### Targets\n\n${markdown(['what', 'target', 'measured', 'n', ''], lines)}`;
}

function markdown(head: string[], lines: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...lines].map(line => line[column]?.length ?? 0)),
  );
  const row = (line: string[]) =>
    `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [row(head), row(widths.map(width => '-'.repeat(width))), ...lines.map(row)].join('\n');
}

function cell(samples: readonly number[]): string {
  if (samples.length === 0) return '';
  const { median, low, high, n } = spreadOf(samples);
  return n === 1 ? number(median) : `${number(median)} (${number(low)}-${number(high)})`;
}

/** Three digits are more than a busy machine can promise. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
