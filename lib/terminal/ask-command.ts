import { type Command, InvalidArgumentError, Option } from 'commander';

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
    .addHelpText('after', more)
    .action(async (prompt, options) => (await import('./ask.ts')).ask(prompt, options));
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value * 1000 <= 2_147_483_647) return value;
  throw new InvalidArgumentError('It takes a number of seconds above 0.');
}

const more = `
In a terminal: Markdown as it comes, the thinking while it lasts, and a footer
with model, tokens, cost and time. In a pipe: the text alone.

Keys:
  Ctrl-C  stop the answer and keep what came; a second one exits at once.
          At the prompt of a chat: drop the line, or leave
  Ctrl-O  show all of the thinking, or fold it again

A chat ends with /exit or Ctrl-D. Lines that are pasted are one message. It is
stored by the Claude CLI, as its own ones are; an answer that was stopped is not
part of it.

Examples:
  claude-cli-stream ask "What is 2+2?"
  cat notes.md | claude-cli-stream ask "Summarise this"
  claude-cli-stream ask --json "What is 2+2?" |
    jq -r 'select(.type == "text").text'
  claude-cli-stream ask --chat
  claude-cli-stream ask --chat=rivers "Let us talk about rivers"
  claude-cli-stream ask --offline "Tell me a story"

Exit codes:
  0    an answer
  1    a failure, told in one line on standard error
  2    wrong usage
  130  Ctrl-C
  141  whoever reads the output has left
  143  SIGTERM

NO_COLOR=1 turns colours off.`;
