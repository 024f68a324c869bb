import { isIP } from 'node:net';

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/**
 * Whether a request may name this host. A web page that points its own domain at 127.0.0.1 (DNS rebinding) still sends
 * that domain: only names known beforehand pass. On another address the token guards, and names are checked if given;
 * probes and programs that come by an address, not by a name, are no such page.
 */
export function isHostAllowed(
  header: string | null,
  { host, allowedHosts }: { host: string; allowedHosts: readonly string[] },
): boolean {
  const name = (header ?? '').toLowerCase().replace(/:\d+$/, '');
  if (allowedHosts.some(allowed => allowed.toLowerCase() === name)) return true;
  if (isLoopback(name)) return true;
  if (isLoopback(host)) return false;
  return allowedHosts.length === 0 || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}
