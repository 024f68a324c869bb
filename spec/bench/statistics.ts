/** The middle of some measurements, with the quartiles as their spread. */
export interface Spread {
  n: number;
  low: number;
  median: number;
  high: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    n: sorted.length,
    low: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, 0.75),
  };
}

/** Ratios within each round: the neighbours' load hits both sides alike, so it mostly cancels out. */
export function ratioOf(samples: readonly number[], base: readonly number[]): Spread {
  const rounds = Math.min(samples.length, base.length);
  return spreadOf(
    Array.from(
      { length: rounds },
      (_, round) => (samples[round] ?? Number.NaN) / (base[round] ?? Number.NaN),
    ),
  );
}

export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map(item => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position % 1);
}
