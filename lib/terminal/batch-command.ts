import { type Command, InvalidArgumentError } from 'commander';

/** `claude-cli-stream batch <prompts> --out <results>`. */
export function addBatchCommand(program: Command): void {
  program
    .command('batch')
    .description('ask many prompts and write one line of JSON per answer; run again to do what is missing')
    .argument(
      '<prompts>',
      'a file of lines, or of JSON lines { "prompt", "id"?, "model"?, ... }; - for standard input',
    )
    .requiredOption('-o, --out <file>', 'where the results go; what is in it is not asked again')
    .option('-m, --model <name>', 'model name or alias (sonnet, opus, haiku)')
    .option('-s, --system <text>', 'system prompt')
    .option('-c, --concurrency <number>', 'prompts that run at the same time', count)
    .option('-a, --attempts <number>', 'how often a prompt is tried in all (default: 3)', count)
    .option('-t, --timeout <seconds>', 'give a prompt up after this time', positive)
    .option('-b, --budget <dollars>', 'stop when all results in the file together cost this', positive)
    .option('--retry-failed', 'ask again what failed in earlier runs')
    .option('-q, --quiet', 'show no progress')
    .option('--offline', 'ask a stand-in on this machine: no account, no network')
    .addHelpText('after', more)
    .action(async (prompts, options) => (await import('./batch.ts')).runBatch(prompts, options));
}

function count(value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It takes a whole number from 1.');
}

function positive(value: string): number {
  if (value.trim() !== '' && Number(value) > 0 && Number(value) <= 2_147_483) return Number(value);
  throw new InvalidArgumentError('It takes a number above 0.');
}

const more = `
A result is one line of JSON, written as soon as it is there. What is missing is
done when the same command runs again: after Ctrl-C, which finishes what runs, a
spent budget, a crash, or new lines in the prompts.

Examples:
  claude-cli-stream batch prompts.txt --out results.jsonl
  claude-cli-stream batch prompts.txt --out results.jsonl -c 4 --budget 2
  claude-cli-stream batch prompts.txt --out results.jsonl --retry-failed
  jq -c '{ id, prompt: .text }' notes.jsonl |
    claude-cli-stream batch - --out results.jsonl --system "Summarise."

Exit codes:
  0    all are answered
  1    some have failed, or the budget is spent
  2    wrong usage
  130  Ctrl-C
  143  SIGTERM`;
