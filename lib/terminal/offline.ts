import type { OfflineApi } from '../testing/index.ts';

/**
 * Starts the offline API for a command run with `--offline` and says so on stderr: nobody should take its answers for
 * Claude's. Its `env` goes into the option of that name; whoever starts it closes it.
 */
export async function startOffline({ quiet = false } = {}): Promise<OfflineApi> {
  const { startOfflineApi } = await import('../testing/index.ts');
  // At a pace the eye can follow; a pipe gets everything at once.
  const api = await startOfflineApi({ delay: process.stdout.isTTY ? 25 : 0 });
  if (!quiet) process.stderr.write('offline: a stand-in on this machine answers, not Claude\n');
  return api;
}
