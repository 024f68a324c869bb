import type { Command } from 'commander';

/** `claude-cli-stream doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look at everything a call needs, and say what to do where something is missing')
    .option('--live', 'also make one tiny real call, which counts against your account')
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      `
Looks at Node, the Claude CLI, its sign-in, and a round trip through the real CLI and the offline API, with the time of
each step. Nothing leaves this machine without --live.

Exit codes: 0 all is well, 1 something is to be done.`,
    )
    .action(async options => (await import('./doctor.ts')).doctor(options));
}
