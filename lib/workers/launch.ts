import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toArguments } from '../cli/arguments.ts';
import { emptyDirectory, makeWorkerDirectory } from '../cli/directories.ts';
import { toEnvironment } from '../cli/environment.ts';
import { toExtraBody } from '../cli/extra-body.ts';
import { toInitialize } from '../cli/initialize.ts';
import { locateCli } from '../cli/locate.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Command } from '../process/spawn.ts';

/** Everything needed to start one worker. */
export interface Launch extends Command {
  /** The worker's own directory for temporary files; removed when it has ended. */
  directory: string;
  /** First control request, if any. */
  initialize: Record<string, unknown> | undefined;
  maxLineLength: number;
  onStderr: ((text: string) => void) | undefined;
}

/** @throws {CliNotFoundError} {CliNotExecutableError} */
export function toLaunch(options: ResolvedOptions): Launch {
  const file = locateCli(options);
  const directory = makeWorkerDirectory();
  return {
    file,
    args: toArguments(options, writeMcpConfig(options.mcpServers, directory)),
    cwd: options.cwd ?? emptyDirectory(),
    env: toEnvironment(options, toExtraBody(options), directory),
    directory,
    initialize: toInitialize(options),
    maxLineLength: options.maxLineLength,
    onStderr: options.onStderr,
  };
}

/** A file only its owner reads: the settings hold tokens, and a command line is public. */
function writeMcpConfig(mcpServers: ResolvedOptions['mcpServers'], directory: string): string | undefined {
  if (Object.keys(mcpServers).length === 0) return undefined;
  const path = join(directory, 'mcp.json');
  writeFileSync(path, JSON.stringify({ mcpServers }), { mode: 0o600 });
  return path;
}
