import { Writable } from 'node:stream';
import type { LogOptions } from '../../lib/server/index.ts';

/** Options for a log that keeps its lines. */
export function memoryLog({ isTTY = false, level = 'info' as NonNullable<LogOptions['level']> } = {}): {
  lines: string[];
  options: LogOptions;
} {
  const lines: string[] = [];
  const write = (piece: Buffer, _: string, done: () => void) => {
    lines.push(...piece.toString().split('\n').filter(Boolean));
    done();
  };
  return { lines, options: { level, out: Object.assign(new Writable({ write }), { isTTY }) } };
}
