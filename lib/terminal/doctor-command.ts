import type { Command } from 'commander';

/** `claude-cli-stream doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look at everything a call needs, and say what to do where something is missing')
    .option('--live', 'also make one tiny real call, which counts against your account')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', more)
    .action(async options => (await import('./doctor.ts')).doctor(options));
}

const more = `
Looks at Node, the Claude CLI, how it is signed in, and a round trip through the
real CLI and a stand-in for the API, with the time of each step. Nothing leaves
this machine without --live.

Examples:
  claude-cli-stream doctor
  claude-cli-stream doctor --live
  claude-cli-stream doctor --json | jq '.findings[] | select(.ok | not)'

Exit codes:
  0    all is well
  1    something is to be done
  2    wrong usage
  130  Ctrl-C`;
