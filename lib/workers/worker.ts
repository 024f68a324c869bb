import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { makeWorkerDirectory, removeWorkerDirectory, writeMcpConfig } from '../cli/directories.ts';
import type { CliMessage, ControlRequestMessage, ResultMessage } from '../cli/messages.ts';
import { parseLine } from '../cli/parse-line.ts';
import { isApproved, minimumCliVersion, requireVersion } from '../cli/version.ts';
import { CliExitedError, CliNotExecutableError, CliTooOldError, ProtocolError } from '../errors.ts';
import { lineBatchesOf } from '../process/lines.ts';
import { type Exit, type RunningProcess, spawnProcess } from '../process/spawn.ts';
import { terminate } from '../process/terminate.ts';
import type { Launch } from './launch.ts';
import type { ToolServerAnswer } from './tool-server.ts';

/** Milliseconds of silence after which the output of a process that is gone is over, whoever holds it open. */
const lastWordsGrace = 500;

export type ControlRequest = { subtype: string; [field: string]: unknown };

/**
 * One running CLI process that can answer turns. It has one reader at a time; what nobody reads stays in the pipe.
 * Whoever starts a worker ends it.
 */
export class Worker {
  readonly #launch: Launch;
  readonly #directory: string;
  readonly #process: RunningProcess;
  readonly #batches: Readable;
  /** Lines that came together, and how many of them are read. */
  #lines: readonly string[] = [];
  #linesRead = 0;
  /** Control requests whose answer has not passed by yet, by id. */
  readonly #unanswered = new Map<string, string>();
  /** Messages that came while the answer of a control request was awaited. */
  readonly #unread: CliMessage[] = [];
  #finished = false;
  /** The process has exited; its last lines may still be in the pipe. */
  #gone = false;
  #failure: { reason: unknown } | undefined;
  #wake: (() => void) | undefined;
  #ended: Promise<Exit> | undefined;
  /** Answers what the CLI asks its host; without it every such request is refused. */
  answerControl: ((message: ControlRequestMessage) => ToolServerAnswer) | undefined;

  private constructor(launch: Launch, directory: string, running: RunningProcess) {
    this.#launch = launch;
    this.#directory = directory;
    this.#process = running;
    this.#batches = lineBatchesOf(running.stdout, launch.maxLineLength);
    this.#batches.on('readable', () => this.#wake?.());
    this.#batches.once('end', this.#finish).once('close', this.#finish);
    this.#batches.once('error', error => this.fail(error));
    void running.exited.then(() => {
      this.#gone = true;
      this.#wake?.();
    });
  }

  readonly #finish = () => {
    this.#finished = true;
    this.#wake?.();
  };

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
    const { stdin } = this.#process;
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

  /** Sends a control request and waits for its answer. @throws {ProtocolError} when the CLI refuses it. */
  async request(request: ControlRequest): Promise<Record<string, unknown>> {
    const id = this.post(request);
    for (;;) {
      const message = this.#take() ?? (await this.#more());
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
    return this.poll() ?? (await this.#more());
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
    this.#failure ??= { reason };
    this.#wake?.();
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
    // Nobody reads any more, and a process that still writes must not wait for a reader.
    this.#batches.removeAllListeners('readable').resume();
    const exit = await terminate(this.#process, how);
    this.#batches.destroy();
    await removeWorkerDirectory(this.#directory);
    return exit;
  }

  async #more(): Promise<CliMessage | undefined> {
    let silence: NodeJS.Timeout | undefined;
    for (;;) {
      const message = this.#take();
      if (message || this.#finished) return message;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
        if (this.#gone) silence = setTimeout(this.#finish, lastWordsGrace);
      });
      clearTimeout(silence);
      this.#wake = undefined;
    }
  }

  /** Parses buffered lines up to the first message that is for the reader. */
  #take(): CliMessage | undefined {
    for (;;) {
      if (this.#failure) throw this.#failure.reason;
      const line = this.#nextLine();
      if (line === undefined) return undefined;
      const parsed = parseLine(line);
      if (!parsed.ok) {
        if (line.trim() === '') continue;
        if (this.#isLast()) return undefined;
        throw new ProtocolError(parsed.problem, line, parsed.cause);
      }
      const { message } = parsed;
      if (message.type === 'control_response') this.#verify(message.response);
      if (message.type !== 'control_request') return message;
      this.#answer(message);
    }
  }

  #nextLine(): string | undefined {
    if (this.#linesRead >= this.#lines.length) {
      this.#lines = this.#batches.read() ?? [];
      this.#linesRead = 0;
    }
    return this.#lines[this.#linesRead++];
  }

  /** A process that dies in the middle of a line leaves a piece of one: its exit tells more than that piece. */
  #isLast(): boolean {
    const { stdout } = this.#process;
    return (
      stdout.readableEnded && this.#batches.readableLength === 0 && this.#linesRead >= this.#lines.length
    );
  }

  #answer(message: ControlRequestMessage): void {
    const answer = this.answerControl?.(message) ?? { kind: 'unsupported' };
    const request_id = message.request_id;
    if (answer.kind === 'parked') return;
    const response =
      answer.kind === 'answer'
        ? { subtype: 'success', request_id, response: answer.response }
        : {
            subtype: 'error',
            request_id,
            error: `${message.request?.subtype} is not supported by this host`,
          };
    this.write({ type: 'control_response', response });
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
