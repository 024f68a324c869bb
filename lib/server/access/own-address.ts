import { InvalidOptionError } from '../../errors.ts';
import { isLoopback } from './hosts.ts';

/**
 * Whoever points every program at this server, as one does with `ANTHROPIC_BASE_URL` in a profile, points the CLI that
 * the server runs at it too: one question would start process after process.
 * @throws {InvalidOptionError}
 */
export function refuseOwnAddress(
  { host, port }: { host: string; port: number },
  env: NodeJS.ProcessEnv,
): void {
  const { ANTHROPIC_BASE_URL: value = '' } = env;
  if (!URL.canParse(value)) return;
  const { hostname, port: otherPort, protocol } = new URL(value);
  const samePort = Number(otherPort || (protocol === 'https:' ? 443 : 80)) === port;
  if (!samePort || !(isLoopback(hostname) || hostname === host)) return;
  throw new InvalidOptionError(
    'env.ANTHROPIC_BASE_URL',
    value,
    'another address than this server itself, which would ask itself without end. Unset it where the server runs',
  );
}
