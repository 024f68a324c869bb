import type picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Style {
  /** Width of the terminal. No line is wider, but for lines of code: the terminal wraps those. */
  columns: number;
  colors: Colors;
  /** Inside a list or a quote, where what the terminal wraps would lose its indentation. */
  nested?: true;
}
