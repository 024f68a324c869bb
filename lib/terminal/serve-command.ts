import { type Command, InvalidArgumentError, Option } from 'commander';

/** `claude-cli-stream serve`. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('answer the Messages API (and OpenAI chat completions) over HTTP on this machine')
    .option('-p, --port <number>', 'port to listen on; 0 takes a free one', countFrom(0), 8787)
    .option('--host <address>', 'address to listen on; any but your own needs a token', '127.0.0.1')
    .option('--token-file <path>', 'tokens that clients must show, one per line (or CLAUDE_CLI_STREAM_TOKEN)')
    .option('--sole-user', 'serve a plan login on an address others can reach: nobody but you will use it')
    .option('--allow-host <name>', 'a name under which clients may reach this server', collect)
    .option('--cors-origin <origin>', 'an origin whose web pages may use this server', collect)
    .option('--rate-limit <number>', 'requests per minute and token (default: no limit)', countFrom(1))
    .option(
      '--concurrency <number>',
      'answers at the same time (default: 4, or twice the cores)',
      countFrom(1),
    )
    .option('--max-waiting <number>', 'requests that may wait; the next gets 429', countFrom(0), 100)
    .option('--batches <directory>', 'serve message batches too, kept in this directory')
    .option('--warm <number>', 'CLI processes kept ready', countFrom(0), 1)
    .option('--timeout <seconds>', 'time for one answer', countFrom(1), 600)
    .option('--grace <seconds>', 'time that running answers have to end after SIGTERM', countFrom(0), 25)
    .addOption(
      new Option('--transport <name>', 'how requests reach the API; exact needs API credentials of your own')
        .choices(['replay', 'exact'])
        .default('replay'),
    )
    .option('-v, --verbose', 'log probes too, and what clients and the CLI say, without its content')
    .option('--log-content', 'log what clients and the CLI say, all of it')
    .option('-q, --quiet', 'log nothing but errors')
    .option('--offline', 'serve a stand-in on this machine: no account, no network')
    .addHelpText('after', more)
    .action(async options => (await import('./serve.ts')).runServer(options));
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

function countFrom(least: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${least}.`);
  };
}

const more = `
Ctrl-C or SIGTERM ends it: no new requests, running answers are awaited. A
second one ends it at once.

Examples:
  claude-cli-stream serve
  ANTHROPIC_BASE_URL=http://127.0.0.1:8787 ANTHROPIC_API_KEY=any python app.py
  OPENAI_BASE_URL=http://127.0.0.1:8787/v1 OPENAI_API_KEY=any node app.js
  claude-cli-stream serve --host 0.0.0.0 --token-file tokens --concurrency 4
  claude-cli-stream serve --offline

Exit codes:
  0    ended as it should
  1    a failure: the port is taken, there is no Claude CLI
  2    wrong usage
  130  a second Ctrl-C
  143  a second SIGTERM`;
