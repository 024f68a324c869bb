import wrapAnsi from 'wrap-ansi';

/** Lines of at most `columns` columns. Wide characters count two, escape sequences none. */
export function wrap(text: string, columns: number): string[] {
  return wrapAnsi(text, columns, { hard: true }).split('\n');
}
