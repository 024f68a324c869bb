import type picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Style {
  /** Width of the terminal. No line is wider. */
  columns: number;
  colors: Colors;
}
