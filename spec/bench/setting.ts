import type { Api } from './api.ts';

/** What every part of the benchmark is given. */
export interface Setting {
  /** Where it may write; removed at the end. */
  directory: string;
  /** Replaces a part's own number of rounds. */
  rounds: number | undefined;
  /** The loopback API, in a process of its own. */
  api: Api;
  /** Environment of every path: the loopback API, a dummy key and a fresh home. */
  env: Readonly<Record<string, string | undefined>>;
}
