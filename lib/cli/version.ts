import { statSync } from 'node:fs';
import { CliTooOldError } from '../errors.ts';

/** The first CLI that takes `client_composed` on a user line, without which a prompt may run as a slash command. */
export const minimumCliVersion = '2.1.248';

/** @throws {CliTooOldError} */
export function requireVersion(path: string, version: string): void {
  if (isOlder(version, minimumCliVersion)) throw new CliTooOldError(path, version, minimumCliVersion);
  approved.set(path, identity(path));
}

/** Whether this very file was asked for its version before. An update changes the file, and with it the answer. */
export function isApproved(path: string): boolean {
  return approved.get(path) === identity(path);
}

const approved = new Map<string, string>();

/** What changes when the file is replaced. */
export function identity(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.ino}:${found.size}:${found.mtimeMs}` : 'missing';
}

function isOlder(version: string, than: string): boolean {
  const [found, wanted] = [parts(version), parts(than)];
  const first = wanted.findIndex((part, index) => part !== found[index]);
  return first !== -1 && (found[first] ?? 0) < (wanted[first] ?? 0);
}

function parts(version: string): number[] {
  return version.split(/[.\s-]/, 3).map(part => Number(part) || 0);
}
