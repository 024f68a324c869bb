import picocolors from 'picocolors';
import { diagnose, type Finding } from './diagnose.ts';
import { watchInterruption } from './interruption.ts';
import { wrapWords } from './markdown/wrap.ts';
import { exitCodes } from './report-failure.ts';

export async function doctor({ live = false, json }: { live?: boolean; json?: true }): Promise<void> {
  const { signal, dispose } = watchInterruption();
  const findings: Finding[] = [];
  try {
    for await (const finding of diagnose({ live, signal })) {
      findings.push(finding);
      if (!json) process.stdout.write(`${told(finding)}\n`);
    }
  } finally {
    dispose();
  }
  const ok = findings.every(finding => finding.ok);
  if (!json) process.stdout.write(ok ? '\nAll is well.\n' : '\nDo that, then run doctor again.\n');
  if (json) process.stdout.write(`${JSON.stringify({ ok, findings }, undefined, 2)}\n`);
  if (!ok) process.exitCode = exitCodes.failure;
}

/** Columns before what is told of a finding. */
const indent = 17;

function told({ name, ok, detail, times = {}, fix }: Finding): string {
  const { stdout } = process;
  // Not by picocolors alone: with CI set, it colours files too.
  const colors = picocolors.createColors(stdout.isTTY === true && picocolors.isColorSupported);
  const mark = ok ? colors.green('ok  ') : colors.red('fail');
  const steps = Object.entries(times).map(([step, milliseconds]) => `${step} ${milliseconds} ms`);
  const lines = [detail, ...steps, ...(fix === undefined ? [] : [`fix: ${fix}`])];
  return lines
    .flatMap(line => (stdout.isTTY ? wrapWords(line, Math.max((stdout.columns || 80) - indent, 20)) : line))
    .map((line, index) => `${index === 0 ? `${mark} ${name.padEnd(11)}` : ' '.repeat(indent - 1)} ${line}`)
    .join('\n');
}
