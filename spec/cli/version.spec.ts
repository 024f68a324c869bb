import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isApproved, requireVersion } from '../../lib/cli/version.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'version-'));
  path = join(folder, 'claude');
  await writeFile(path, 'one');
});

afterEach(() => rm(folder, { recursive: true }));

it.each(['2.1.248', '2.1.249', '2.1.330', '2.2.0', '3.0.0', '2.1.248-beta.1', '2.1.330 (Claude Code)'])(
  '%s is new enough',
  version => {
    requireVersion(path, version);
    expect(isApproved(path)).toBe(true);
  },
);

it.each(['2.1.247', '2.1.99', '2.0.400', '1.9.999', '0.2.1', 'garbage', ''])('%s is too old', version => {
  expect(() => requireVersion(path, version)).toThrow(
    expect.objectContaining({ code: 'CLI_TOO_OLD', path, version, required: '2.1.248' }),
  );
  expect(isApproved(path)).toBe(false);
});

it('a file is asked again when it has changed, and not before', async () => {
  requireVersion(path, '2.1.330');
  expect(isApproved(path)).toBe(true);
  await utimes(path, new Date(), new Date(0));
  expect(isApproved(path)).toBe(false);
});

it('a file that is gone is no reason to throw', async () => {
  await rm(path);
  requireVersion(path, '2.1.330');
});
