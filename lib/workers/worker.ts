import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { removeWorkerDirectory } from '../cli/directories.ts';
import type { CliMessage, ControlRequestMessage } from '../cli/messages.ts';
import { parseLine } from '../cli/parse-line.ts';
import { isApproved, minimumCliVersion, requireVersion } from '../cli/version.ts';
import { CliExitedError, CliNotExecutableError, CliTooOldError, ProtocolError } from '../errors.ts';
import { linesOf } from '../process/lines.ts';
import { type Exit, type RunningProcess, spawnProcess } from '../process/spawn.ts';
import { terminate } from '../process/terminate.ts';
import type { Launch } from './launch.ts';

export type ControlRequest = { subtype: string; [field: string]: unknown };
export type AnswerControl = (request: ControlRequestMessage) => Record<string, unknown> | undefined;

/**
 * One running CLI process that can answer turns. It has one reader at a time; what nobody reads stays in the pipe.
 * Whoever starts a worker ends it.
 */
export class Worker {
  readonly #launch: Launch;
  readonly #process: RunningProcess;
  readonly #lines: Readable;
  /** Control requests whose answer has not passed by yet, by id. */
  readonly #unanswered = new Map<string, string>();
  /** Messages that came while the answer of a control request was awaited. */
  readonly #unread: CliMessage[] = [];
  #finished = false;
  #failure: { reason: unknown } | undefined;
  #wake: (() => void) | undefined;
  #ended: Promise<Exit> | undefined;
  /** Answers the CLI's own requests to its host; without it they are refused. */
  answerControl: AnswerControl | undefined;

  private constructor(launch: Launch, running: RunningProcess) {
    this.#launch = launch;
    this.#process = running;
    this.#lines = linesOf(running.stdout, launch.maxLineLength);
    const wake = () => this.#wake?.();
    this.#lines.on('readable', wake);
    this.#lines.once('end', () => {
      this.#finished = true;
      wake();
    });
    this.#lines.once('error', error => this.fail(error));
    this.#lines.once('close', () => {
      this.#finished = true;
      wake();
    });
  }

  /** Starts the process; it reads its first line when it is ready, so everything may be written at once. */
  static async start(launch: Launch): Promise<Worker> {
    try {
      const worker = new Worker(launch, await spawnProcess(launch, launch.onStderr));
      if (launch.initialize) worker.post(launch.initialize as ControlRequest);
      return worker;
    } catch (error) {
      await removeWorkerDirectory(launch.directory);
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid;
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
      if (message.type === 'control_response' && message.response?.request_id === id) {
        return message.response.response ?? {};
      }
      if (message.type !== 'control_response') this.#unread.push(message);
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

  /** Makes the pending and every later read throw `reason`. The process still has to be ended. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#wake?.();
  }

  /** While `false`, the worker alone does not keep Node running. */
  keepAlive(keep: boolean): void {
    this.#process.keepAlive(keep);
  }

  /** Ends the process and everything it started; resolves when it is gone. */
  end(how: 'finish' | 'stop' | 'kill'): Promise<Exit> {
    this.#ended ??= this.#terminate(how);
    return this.#ended;
  }

  /** Why a CLI that closed its output did so. */
  exitError(when: string, exit: Exit): Error {
    const stderr = this.#process.stderrTail();
    const notRun = /^setpriv: failed to execute .*?: (.*)$/m.exec(stderr);
    if (notRun?.[1]) return new CliNotExecutableError(this.#launch.file, notRun[1]);
    return new CliExitedError({ ...exit, stderr }, when);
  }

  async #terminate(how: 'finish' | 'stop' | 'kill'): Promise<Exit> {
    const exit = await terminate(this.#process, how);
    this.#lines.destroy();
    await removeWorkerDirectory(this.#launch.directory);
    return exit;
  }

  async #more(): Promise<CliMessage | undefined> {
    for (;;) {
      const message = this.#take();
      if (message || this.#finished) return message;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** Parses buffered lines up to the first message that is for the reader. */
  #take(): CliMessage | undefined {
    for (;;) {
      if (this.#failure) throw this.#failure.reason;
      const line: string | null = this.#lines.read();
      if (line === null) return undefined;
      if (line.trim() === '') continue;
      const parsed = parseLine(line);
      if (!parsed.ok && this.#isLast()) return undefined;
      if (!parsed.ok) throw new ProtocolError(parsed.problem, line, parsed.cause);
      const { message } = parsed;
      if (message.type === 'control_request') this.#answer(message);
      else if (message.type === 'control_response') {
        this.#verify(message.response);
        return message;
      } else return message;
    }
  }

  /** A process that dies in the middle of a line leaves a piece of one: its exit tells more than that piece. */
  #isLast(): boolean {
    return this.#process.stdout.readableEnded && this.#lines.readableLength === 0;
  }

  #answer(message: ControlRequestMessage): void {
    const answer = this.answerControl?.(message);
    const id = message.request_id;
    const response = answer
      ? { subtype: 'success', request_id: id, response: answer }
      : {
          subtype: 'error',
          request_id: id,
          error: `${message.request?.subtype} is not supported by this host`,
        };
    this.write({ type: 'control_response', response });
  }

  #verify(response: { subtype?: string; request_id?: string; error?: string } | undefined): void {
    const id = response?.request_id ?? '';
    const subtype = this.#unanswered.get(id);
    this.#unanswered.delete(id);
    if (subtype === undefined || response?.subtype === 'success') return;
    if (subtype === 'get_binary_version')
      throw new CliTooOldError(this.#launch.file, 'of an old version', minimumCliVersion);
    throw new ProtocolError(`control request ${subtype} was refused`, response?.error);
  }
}
