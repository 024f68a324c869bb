import { type CallAbort, createCallAbort } from '../abort.ts';
import { CliExitedError, ProtocolError } from '../errors.ts';
import { type ResolvedOptions, resolveOptions, type StreamOptions } from '../options.ts';
import { type Command, type Exit, spawnProcess } from '../process/spawn.ts';
import { terminate } from '../process/terminate.ts';
import { emptyDirectory, makeWorkerDirectory, removeWorkerDirectory } from './directories.ts';
import { toEnvironment } from './environment.ts';
import { locateCli } from './locate.ts';
import { identity, requireVersion } from './version.ts';

/** The Claude CLI that calls with the same options would use. */
export interface CliStatus {
  path: string;
  version: string;
  /** Whether the CLI has a login, an API key or a cloud provider. It does not check that they are still valid. */
  signedIn: boolean;
  /** How, in the CLI's own words: `claude.ai`, `oauth_token`, `api_key`, `third_party` (a cloud provider), `none`, ... */
  method: string;
}

/** Options of `checkCli()`: those of `streamResponse()` that say which CLI is asked, and how long. */
export type CheckCliOptions = Pick<
  StreamOptions,
  'pathToClaudeCodeExecutable' | 'env' | 'settingSources' | 'signal' | 'timeout'
>;

/**
 * Asks the Claude CLI for its version and how it is signed in (`claude --version`, `claude auth status`). Nothing is
 * sent to the API, and no file of the CLI's is opened.
 *
 * Looked for in this order: `pathToClaudeCodeExecutable`, the variable `CLAUDE_CODE_EXECUTABLE`, PATH, a local
 * `node_modules`, the usual install folders. `timeout` is 30,000 (30 seconds) by default.
 *
 * @throws {CliNotFoundError} {CliNotExecutableError} {CliTooOldError} {CliExitedError} {ProtocolError} {TimeoutError}
 */
export async function checkCli(options: CheckCliOptions = {}): Promise<CliStatus> {
  return withCli(options, async (path, run) => {
    const version = toVersion(await run('--version'));
    requireVersion(path, version);
    const sources = `--setting-sources=${(options.settingSources ?? []).join(',')}`;
    return { path, version, ...toSignIn(await run(sources, 'auth', 'status')) };
  });
}

/** The version alone, asked once per file: an update changes the file. @throws what `checkCli()` throws */
export async function cliVersion(
  options: Pick<StreamOptions, 'pathToClaudeCodeExecutable' | 'env'>,
): Promise<string> {
  const path = locateCli(options);
  const file = `${path}:${identity(path)}`;
  const known = versions.get(file);
  if (known !== undefined) return known;
  const asked = { pathToClaudeCodeExecutable: path, env: options.env ?? {} };
  const version = await withCli(asked, async (_, run) => toVersion(await run('--version')));
  versions.set(file, version);
  return version;
}

const versions = new Map<string, string>();

async function withCli<Result>(
  options: CheckCliOptions,
  use: (path: string, run: (...args: string[]) => Promise<Output>) => Promise<Result>,
): Promise<Result> {
  const resolved = resolveOptions(options);
  const path = locateCli(resolved);
  const directory = makeWorkerDirectory();
  const { signal, timeout = 30_000 } = resolved;
  const call = createCallAbort({ signals: signal ? [signal] : [], timeout });
  call.startTimeout();
  try {
    return await use(path, (...args) => runToEnd(toCommand(path, args, resolved, directory), call));
  } finally {
    call.dispose();
    await removeWorkerDirectory(directory);
  }
}

function toCommand(file: string, args: string[], options: ResolvedOptions, directory: string): Command {
  const env = { ...toEnvironment(options, undefined), TMPDIR: directory, CLAUDE_CODE_TMPDIR: directory };
  return { file, args, cwd: emptyDirectory(), env };
}

interface Output extends Exit {
  stdout: string;
  stderr: string;
}

async function runToEnd(command: Command, { signal }: CallAbort): Promise<Output> {
  signal.throwIfAborted();
  const running = await spawnProcess(command);
  const abandon = () => running.stdout.destroy(signal.reason);
  signal.addEventListener('abort', abandon, { once: true });
  try {
    running.stdin.end();
    let stdout = '';
    for await (const piece of running.stdout.setEncoding('utf8')) stdout += piece;
    return { ...(await running.exited), stdout, stderr: running.stderrTail() };
  } finally {
    signal.removeEventListener('abort', abandon);
    await terminate(running, 'kill');
  }
}

function toVersion(output: Output): string {
  const version = /^\d+\.\d+\.\d+\S*/.exec(output.stdout)?.[0];
  if (version !== undefined) return version;
  if (output.exitCode !== 0) throw new CliExitedError(output, 'instead of telling its version');
  throw new ProtocolError('--version was answered without a version', output.stdout);
}

/** The exit code is 1 when nobody is signed in, so only an answer that is none counts as a failure. */
function toSignIn(output: Output): Pick<CliStatus, 'signedIn' | 'method'> {
  const problem = 'auth status was not answered as expected';
  let answer: { loggedIn?: unknown; authMethod?: unknown };
  try {
    answer = JSON.parse(output.stdout);
  } catch (error) {
    if (output.stdout.trim() === '')
      throw new CliExitedError(output, 'instead of telling how it is signed in');
    throw new ProtocolError(problem, output.stdout, error);
  }
  if (typeof answer?.loggedIn !== 'boolean') throw new ProtocolError(problem, output.stdout);
  return { signedIn: answer.loggedIn, method: String(answer.authMethod ?? 'unknown') };
}
