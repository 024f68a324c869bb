import { randomUUID } from 'node:crypto';
import {
  makeWorkerDirectory,
  removeWorkerDirectory,
  removeWorkerDirectoryNow,
  writeMcpConfig,
} from '../cli/directories.ts';
import type { CliMessage, ControlRequestMessage, ResultMessage } from '../cli/messages.ts';
import { isApproved, minimumCliVersion, requireVersion } from '../cli/version.ts';
import { report } from '../diagnostics.ts';
import { CliExitedError, CliNotExecutableError, CliTooOldError, ProtocolError } from '../errors.ts';
import { endAtExit } from '../process/exit.ts';
import { type Exit, type RunningProcess, spawnProcess } from '../process/spawn.ts';
import { terminate } from '../process/terminate.ts';
import type { Launch } from './launch.ts';
import { MessageReader } from './message-reader.ts';
import type { ControlAnswer } from './tool-server.ts';

export type ControlRequest = { subtype: string; [field: string]: unknown };

/**
 * One running CLI process that can answer turns. It has one reader at a time; what nobody reads stays in the pipe.
 * Whoever starts a worker ends it.
 */
export class Worker {
  readonly #launch: Launch;
  readonly #directory: string;
  readonly #forget: () => void;
  readonly #process: RunningProcess;
  readonly #reader: MessageReader;
  /** Control requests whose answer has not passed by yet, by id. */
  readonly #unanswered = new Map<string, string>();
  /** Messages that came while the answer of a control request was awaited. */
  readonly #unread: CliMessage[] = [];
  #ended: Promise<Exit> | undefined;
  /** Answers what the CLI asks its host; without it every such request is refused. */
  answerControl: ((message: ControlRequestMessage) => ControlAnswer) | undefined;

  private constructor(launch: Launch, directory: string, running: RunningProcess) {
    this.#launch = launch;
    this.#directory = directory;
    this.#process = running;
    this.#reader = new MessageReader(running, launch.maxLineLength);
    // After the process's own ending, which kills it.
    this.#forget = endAtExit(() => removeWorkerDirectoryNow(directory));
  }

  /** Starts the process. It reads its first line when it is ready, so everything may be written at once. */
  static async start(launch: Launch): Promise<Worker> {
    const directory = makeWorkerDirectory();
    try {
      const { mcpServers, args, env } = launch;
      const mcp =
        Object.keys(mcpServers).length > 0 ? [`--mcp-config=${writeMcpConfig(directory, mcpServers)}`] : [];
      const command = {
        ...launch,
        args: [...args, ...mcp],
        env: { ...env, TMPDIR: directory, CLAUDE_CODE_TMPDIR: directory },
        mark: 'CLAUDE_CODE_TMPDIR',
      };
      const worker: Worker = new Worker(
        launch,
        directory,
        await spawnProcess(command, text => worker.#tellStderr(text)),
      );
      return worker;
    } catch (error) {
      await removeWorkerDirectory(directory);
      throw error;
    }
  }

  /** What the process was started with. */
  get env(): Readonly<Record<string, string>> {
    return this.#launch.env;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get exited(): Promise<Exit> {
    return this.#process.exited;
  }

  /** @throws {CliTooOldError} Asks once per executable file: later workers of the same file are known to be new enough. */
  async checkVersion(): Promise<void> {
    const { file } = this.#launch;
    if (isApproved(file)) return;
    const { version } = await this.request({ subtype: 'get_binary_version' });
    if (typeof version !== 'string')
      throw new ProtocolError('get_binary_version was answered without a version');
    requireVersion(file, version);
  }

  /**
   * Writes one line to the CLI. Not awaited: it is written before the CLI answers, and the next one after that, so no
   * more than one line waits in memory. A pipe that breaks shows up when reading.
   */
  write(message: Record<string, unknown>): void {
    const { stdin, pid } = this.#process;
    report('message', () => ({ pid, from: 'host', message }));
    if (stdin.writable) stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** No further turn follows: the CLI ends by itself after the one that runs. */
  closeInput(): void {
    this.#process.stdin.end();
  }

  /** Sends a control request whose answer is checked when it passes by. @returns its id */
  post(request: ControlRequest): string {
    const id = randomUUID();
    this.#unanswered.set(id, request.subtype);
    this.write({ type: 'control_request', request_id: id, request });
    return id;
  }

  /** Whether the CLI has confirmed a posted request. */
  isAnswered(id: string): boolean {
    return !this.#unanswered.has(id);
  }

  /** Sends a control request and waits for its answer. @throws {ProtocolError} when the CLI refuses it. */
  async request(request: ControlRequest): Promise<Record<string, unknown>> {
    const id = this.post(request);
    for (;;) {
      const message = this.#take() ?? (await this.#wait());
      if (message === undefined)
        throw this.exitError('before it answered a control request', await this.end('kill'));
      if (message.type !== 'control_response') this.#unread.push(message);
      else if (message.response?.request_id === id) return message.response.response ?? {};
    }
  }

  /** The next message if it is here already. */
  poll(): CliMessage | undefined {
    return this.#unread.shift() ?? this.#take();
  }

  /** The next message; undefined when the CLI has closed its output. */
  async next(): Promise<CliMessage | undefined> {
    return this.poll() ?? (await this.#wait());
  }

  /** Reads on to the result of a turn. @throws {CliExitedError} */
  async nextResult(): Promise<ResultMessage> {
    for (;;) {
      const message = await this.next();
      if (message === undefined) throw this.exitError('before the end of a turn', await this.end('kill'));
      if (message.type === 'result') return message;
    }
  }

  /** Makes the pending and every later read throw `reason`. The process still has to be ended. */
  fail(reason: unknown): void {
    this.#reader.fail(reason);
  }

  /** While `false`, the worker alone does not keep Node running. */
  keepAlive(keep: boolean): void {
    this.#process.keepAlive(keep);
  }

  /** Ends the process and everything it started; resolves when it is gone. The first call decides how. */
  end(how: 'finish' | 'stop' | 'kill'): Promise<Exit> {
    this.#ended ??= this.#terminate(how);
    return this.#ended;
  }

  /** Why a CLI that closed its output did so. */
  exitError(when: string, exit: Exit): Error {
    const stderr = this.#process.stderrTail();
    const notRun = notRunMessage(exit, stderr);
    if (notRun !== undefined) return new CliNotExecutableError(this.#launch.file, notRun);
    return new CliExitedError({ ...exit, stderr }, when);
  }

  /** A caller's callback that throws fails the call, not the process that everybody shares. */
  #tellStderr(text: string): void {
    try {
      this.#launch.onStderr?.(text);
    } catch (error) {
      this.fail(error);
    }
  }

  async #terminate(how: 'finish' | 'stop' | 'kill'): Promise<Exit> {
    this.#reader.discard();
    const exit = await terminate(this.#process, how);
    this.#reader.close();
    await removeWorkerDirectory(this.#directory);
    this.#forget();
    return exit;
  }

  #take(): CliMessage | undefined {
    for (let message = this.#reader.poll(); message; message = this.#reader.poll()) {
      if (this.#isForReader(message)) return message;
    }
    return undefined;
  }

  async #wait(): Promise<CliMessage | undefined> {
    for (;;) {
      const message = await this.#reader.next();
      if (message === undefined || this.#isForReader(message)) return message;
    }
  }

  /** The CLI's own requests are answered in passing, its answers are checked. */
  #isForReader(message: CliMessage): boolean {
    report('message', () => ({ pid: this.pid, from: 'cli', message }));
    if (message.type === 'control_response') this.#verify(message.response);
    if (message.type !== 'control_request') return true;
    this.#answer(message);
    return false;
  }

  #answer(message: ControlRequestMessage): void {
    const { request_id, request } = message;
    const answer = this.answerControl?.(message);
    const send = (response: Record<string, unknown>) =>
      this.write({ type: 'control_response', response: { ...response, request_id } });
    if (answer) void answer.then(response => send({ subtype: 'success', response }));
    else send({ subtype: 'error', error: `${request?.subtype} is not supported by this host` });
  }

  #verify(response: { subtype?: string; request_id?: string; error?: string } | undefined): void {
    const id = response?.request_id ?? '';
    const subtype = this.#unanswered.get(id);
    this.#unanswered.delete(id);
    if (subtype === undefined || response?.subtype === 'success') return;
    if (subtype === 'get_binary_version') {
      throw new CliTooOldError(this.#launch.file, 'of an older version', minimumCliVersion);
    }
    throw new ProtocolError(`control request ${subtype} was refused`, response?.error);
  }
}

/** `setpriv` could not execute the file. Its words depend on the locale, its exit codes do not. */
function notRunMessage({ exitCode }: Exit, stderr: string): string | undefined {
  if (exitCode !== 126 && exitCode !== 127) return undefined;
  return /^setpriv: .*: (.*)$/m.exec(stderr)?.[1];
}
