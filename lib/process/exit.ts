import { onExit } from 'signal-exit';

const endings = new Set<() => void>();
let stopListening: (() => void) | undefined;

/**
 * Runs `end` when this process exits: normally, by an uncaught exception, or by a signal nobody else handles.
 * @returns a function that takes it back; after the last one no listener is left.
 */
export function endAtExit(end: () => void): () => void {
  endings.add(end);
  stopListening ??= onExit(() => {
    for (const ending of endings) ending();
  });
  return () => {
    endings.delete(end);
    if (endings.size > 0) return;
    stopListening?.();
    stopListening = undefined;
  };
}
