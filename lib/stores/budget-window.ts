/** `day` and `month` are those of UTC; a number is a length in milliseconds, counted from 1970. */
export type BudgetWindow = 'day' | 'month' | number;

/** The window that `now` is in. Without a length there is one window for ever. */
export function windowAt(
  window: BudgetWindow | undefined,
  now: Date,
): { name: string; resetsAt: Date | null } {
  if (window === undefined) return { name: 'spent', resetsAt: null };
  if (typeof window === 'number') {
    const start = Math.floor(now.getTime() / window) * window;
    const name = `${window}ms-${new Date(start).toISOString().replaceAll(':', '-')}`;
    return { name, resetsAt: new Date(start + window) };
  }
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const date = now.toISOString();
  return window === 'day'
    ? { name: `day-${date.slice(0, 10)}`, resetsAt: new Date(Date.UTC(year, month, day + 1)) }
    : { name: `month-${date.slice(0, 7)}`, resetsAt: new Date(Date.UTC(year, month + 1)) };
}
