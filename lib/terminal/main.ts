#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAskCommand } from './ask-command.ts';
import { addBatchCommand } from './batch-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { reportFailure } from './report-failure.ts';
import { addServeCommand } from './serve-command.ts';

const program = new Command('claude-cli-stream')
  .description('The official Claude CLI, streamed: answers as they come, for people and for pipes.')
  .version(version(), '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .showHelpAfterError('(--help lists what there is)')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'claude-cli-stream: ')) })
  .addHelpText(
    'after',
    `
Examples:
  claude-cli-stream help ask
  claude-cli-stream ask --offline "Tell me a story"   # no account, no network
  claude-cli-stream doctor`,
  )
  .exitOverride();

// A reader may leave at any time, even after the last write: no reason for a stack trace.
process.stdout.on('error', error => {
  process.exitCode ??= reportFailure(error);
});
process.stderr.on('error', () => {});

for (const add of [addAskCommand, addBatchCommand, addServeCommand, addDoctorCommand]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
