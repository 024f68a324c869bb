import { type Command, InvalidArgumentError, Option } from 'commander';

const examples = `
In a terminal: Markdown as it comes, and a footer with model, tokens, cost and time. In a pipe: the text alone.
Ctrl-C stops the answer and keeps what came.

Examples:
  claude-cli-stream ask "What is 2+2?"
  cat notes.md | claude-cli-stream ask "Summarise this"
  claude-cli-stream ask --json "What is 2+2?" | jq -r 'select(.type == "text").text'
  claude-cli-stream ask --chat
  claude-cli-stream ask --chat=rivers "Let us talk about rivers"
  claude-cli-stream ask --offline "Tell me a story"

A chat is stored by the Claude CLI, as its own ones are. A stopped answer is not part of it.

Exit codes: 0 an answer, 1 a failure, 2 wrong usage, 130 Ctrl-C, 141 the reader left, 143 SIGTERM.`;

/** `claude-cli-stream ask [prompt]`. */
export function addAskCommand(program: Command): void {
  program
    .command('ask')
    .description('ask Claude and print the answer as it comes')
    .argument('[prompt]', 'what to ask; text on standard input is added after it')
    .option('-m, --model <name>', 'model name or alias (sonnet, opus, haiku)')
    .option('-s, --system <text>', 'system prompt')
    .option('-t, --timeout <seconds>', 'give up after this time', seconds)
    .addOption(
      new Option('--chat [name]', 'go on talking; under a name also another day').conflicts('timeout'),
    )
    .option('--thinking', 'keep the thinking on the screen')
    .option('--json', 'print the chunk events, one JSON object per line')
    .option('-q, --quiet', 'print nothing but the answer')
    .option('--offline', 'ask a stand-in on this machine: no account, no network')
    .addHelpText('after', examples)
    .action(async (prompt, options) => (await import('./ask.ts')).ask(prompt, options));
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value * 1000 <= 2_147_483_647) return value;
  throw new InvalidArgumentError('It takes a number of seconds above 0.');
}
