import type { BatchProgress } from '../batch/index.ts';

/** Milliseconds between two drawings, at least: of the bar in a terminal, of a line elsewhere. */
const pause = { terminal: 100, pipe: 5_000 };

/** Shows how a batch goes on: a bar that is drawn over in a terminal, now and then a line elsewhere. */
export function showProgress(
  output: NodeJS.WriteStream,
  total: number,
): { update(progress: BatchProgress): void; end(): void } {
  const wait = output.isTTY ? pause.terminal : pause.pipe;
  let latest: BatchProgress | undefined;
  let drawnAt = performance.now();
  const draw = (progress: BatchProgress) => {
    drawnAt = performance.now();
    latest = undefined;
    output.write(
      output.isTTY
        ? `\r${toBar(progress, total, output.columns || 80)}\x1b[K`
        : `${toWords(progress, total)}\n`,
    );
  };
  if (output.isTTY) draw({ done: 0, failed: 0, total, costUsd: 0, ms: 0 });
  return {
    update(progress) {
      latest = progress;
      if (performance.now() - drawnAt >= wait) draw(progress);
    },
    end() {
      if (latest) draw(latest);
      if (output.isTTY) output.write('\n');
    },
  };
}

/** `█████░░░░░ 12/40 · 1 failed · 3.2/s · $0.0456 · 9s left`, cut to the terminal's width. */
export function toBar(progress: BatchProgress, total: number, columns = 80): string {
  const words = toWords(progress, total);
  const room = Math.min(30, columns - words.length - 1 - echo);
  if (room < 5) return words.slice(0, columns - echo);
  const full = Math.round((room * progress.done) / Math.max(1, total));
  return `${'█'.repeat(full)}${'░'.repeat(room - full)} ${words}`;
}

/** Columns that a terminal needs behind it to show `^C`. */
const echo = 3;

export function toWords({ done, failed, costUsd, ms }: BatchProgress, total: number): string {
  if (done === 0) return `0/${total}`;
  const perSecond = done / Math.max(0.001, ms / 1000);
  const left = (total - done) / perSecond;
  return [
    `${done}/${total}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`,
    `$${costUsd.toFixed(4)}`,
    done < total ? `${toTime(left)} left` : `in ${toTime(ms / 1000)}`,
  ].join(' · ');
}

function toTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h${Math.floor((whole % 3600) / 60)}m`;
}
