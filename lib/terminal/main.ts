#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { reportFailure } from './report-failure.ts';

/** One line per command. Only the one that runs is loaded; `--help` loads them all to list them. */
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  ask: async () => (await import('./ask.ts')).addAskCommand,
  batch: async () => (await import('./batch.ts')).addBatchCommand,
  serve: async () => (await import('./serve.ts')).addServeCommand,
  doctor: async () => (await import('./doctor.ts')).addDoctorCommand,
};

const program = new Command('claude-cli-stream')
  .description('The official Claude CLI, streamed: answers as they come, for people and for pipes.')
  .version(version(), '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .showHelpAfterError('(--help lists what there is)')
  .exitOverride();

// A reader may leave at any time, even after the last write: no reason for a stack trace.
process.stdout.on('error', error => {
  process.exitCode ??= reportFailure(error);
});
process.stderr.on('error', () => {});

const [wanted = ''] = process.argv.slice(2);
const loaders = Object.hasOwn(commands, wanted) ? [commands[wanted]] : Object.values(commands);
for (const load of loaders) (await load?.())?.(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
