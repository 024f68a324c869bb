import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locateCli } from '../../lib/cli/locate.ts';

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'locate-')));
});

afterEach(() => rm(folder, { recursive: true }));

async function install(...path: string[]): Promise<string> {
  const file = join(folder, ...path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, '#!/bin/sh\n', { mode: 0o755 });
  return file;
}

describe('the CLI is found', () => {
  it('by the option, before anything else', async () => {
    const asked = await install('asked');
    const other = await install('other');
    const env = { CLAUDE_CODE_EXECUTABLE: other, PATH: folder };
    expect(locateCli({ pathToClaudeCodeExecutable: asked, env })).toBe(asked);
  });

  it('by CLAUDE_CODE_EXECUTABLE, before PATH', async () => {
    const named = await install('named');
    await install('bin', 'claude');
    expect(locateCli({ env: { CLAUDE_CODE_EXECUTABLE: named, PATH: join(folder, 'bin') } })).toBe(named);
  });

  it('by a name without a folder, on PATH', async () => {
    const file = await install('bin', 'my-claude');
    const env = { PATH: join(folder, 'bin') };
    expect(locateCli({ pathToClaudeCodeExecutable: 'my-claude', env })).toBe(file);
  });

  it('on PATH: the first that can run', async () => {
    await writeFile(join(folder, 'claude'), 'not executable', { mode: 0o644 });
    await mkdir(join(folder, 'b', 'claude'), { recursive: true });
    const file = await install('c', 'claude');
    const PATH = ['', folder, join(folder, 'b'), join(folder, 'c')].join(delimiter);
    expect(locateCli({ env: { PATH } })).toBe(file);
  });

  it('in node_modules, in the package of this platform, where no install script ran', () => {
    expect(locateCli({ env: { PATH: folder } })).toMatch(
      /node_modules[\\/]@anthropic-ai[\\/]claude-[\w-]+[\\/]claude(\.exe)?$/,
    );
  });
});

describe('what was asked for is not replaced by another', () => {
  it('when it is missing: CLI_NOT_FOUND', () => {
    const missing = join(folder, 'missing');
    expect(() => locateCli({ pathToClaudeCodeExecutable: missing })).toThrow(
      expect.objectContaining({ code: 'CLI_NOT_FOUND', searched: [missing] }),
    );
    expect(() => locateCli({ env: { CLAUDE_CODE_EXECUTABLE: missing } })).toThrow(
      /CLI not found.*Install it/s,
    );
  });

  it('when its name is not on PATH: CLI_NOT_FOUND says where it looked', () => {
    expect(() => locateCli({ pathToClaudeCodeExecutable: 'my-claude', env: { PATH: folder } })).toThrow(
      expect.objectContaining({ code: 'CLI_NOT_FOUND', searched: [join(folder, 'my-claude')] }),
    );
  });

  it('when it is a directory: CLI_NOT_EXECUTABLE', () => {
    expect(() => locateCli({ pathToClaudeCodeExecutable: folder })).toThrow(
      expect.objectContaining({ code: 'CLI_NOT_EXECUTABLE', path: folder }),
    );
  });
});
