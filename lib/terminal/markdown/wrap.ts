import wrapAnsi from 'wrap-ansi';

/** Lines of at most `columns` columns, broken between words. Wide characters count two, escape sequences none. */
export function wrap(text: string, columns: number): string[] {
  return wrapAnsi(text, columns, { hard: true }).split('\n');
}

/** Broken between words only: a path stays in one piece, however long. */
export function wrapWords(text: string, columns: number): string[] {
  return wrapAnsi(text, columns).split('\n');
}

/** Broken wherever a line is full, as a terminal does it. */
export function wrapAnywhere(text: string, columns: number): string[] {
  return wrapAnsi(text, columns, { hard: true, wordWrap: false, trim: false }).split('\n');
}
