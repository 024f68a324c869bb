import { InvalidOptionError } from '../errors.ts';
import type { Plan } from './plan.ts';
import type { WorkerMemory } from './worker-memory.ts';

/**
 * Transport `exact` replaces what the CLI would send. Under a plan login the CLI's own context, identity and message
 * path stay as its maker built them, so it is only for an API key, an auth token, a gateway or a cloud provider.
 * @throws {InvalidOptionError} under any other login.
 */
export async function requireOwnCredentials(memory: WorkerMemory, plan: Plan): Promise<void> {
  const { apiProvider, apiKeySource, tokenSource } = await memory.account(plan);
  const ownKey = typeof apiKeySource === 'string' && apiKeySource !== 'none';
  if (apiProvider !== 'firstParty' || ownKey || tokenSource === 'ANTHROPIC_AUTH_TOKEN') return;
  throw new InvalidOptionError(
    'transport',
    'exact',
    'only "replay" under a plan login; "exact" needs an API key or a cloud provider of your own',
  );
}
