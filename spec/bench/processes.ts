import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFacts {
  pid: number;
  parent: number;
  /** Milliseconds of CPU so far, in steps of 10. */
  cpuMs: number;
  /** Milliseconds of CPU of its children that are gone. */
  childrenCpuMs: number;
}

/** Clock ticks are 10 ms on every Linux that Node runs on. */
const tick = 10;

export function childrenOf(parent: number): ProcessFacts[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .map(factsOf)
    .filter(facts => facts !== undefined)
    .filter(facts => facts.parent === parent);
}

export function factsOf(pid: number): ProcessFacts | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 15) return undefined;
  const at = (index: number) => Number(fields[index]);
  return {
    pid,
    parent: at(1),
    cpuMs: (at(11) + at(12)) * tick,
    childrenCpuMs: (at(13) + at(14)) * tick,
  };
}

export function residentMb(pid: number, field: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`));
  return Number(found?.[1] ?? Number.NaN) / 1024;
}

/** Bytes a process has written so far. */
export function writtenBytes(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(read(`/proc/${pid}/io`))?.[1] ?? Number.NaN);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
