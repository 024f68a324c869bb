/** Reads a stream to its end, or leaves it after so many events. */
export async function readAll(stream, leaveAfter = Number.POSITIVE_INFINITY) {
  let count = 0;
  for await (const _event of stream) if (++count === leaveAfter) return 'left';
  return 'ended';
}

export async function until(holds, seconds = 5) {
  const deadline = performance.now() + 1000 * seconds;
  while (performance.now() < deadline && !holds()) await new Promise(resolve => setTimeout(resolve, 10));
}

export function check(what, holds) {
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!holds) process.exitCode = 1;
}

export function mebibytes(bytes) {
  return Math.round(bytes / 1024 / 1024);
}
