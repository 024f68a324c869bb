import { randomUUID } from 'node:crypto';
import type { ResultMessage } from '../cli/messages.ts';
import { ProtocolError } from '../errors.ts';
import { HeldConversation } from './held-conversation.ts';
import type { MessagesPlan, Plan, WireMessage } from './plan.ts';
import { type McpResult, toMcpResults } from './tool-results.ts';
import { ToolServer, type ToolServerName } from './tool-server.ts';
import type { Worker } from './worker.ts';

/**
 * What a worker has been told so far: system prompt, settings, tools, conversation. Each is sent only when it changes,
 * and every answer is checked: a step the CLI refuses throws a `ProtocolError`, after which the worker must be ended.
 */
export class WorkerMemory {
  readonly worker: Worker;
  /** Turns asked. */
  turns = 0;
  /** The worker's usage at the end of the last turn: the CLI counts since its start. */
  used: ResultMessage['modelUsage'];
  readonly #conversation = new HeldConversation();
  /** JSON of what was told; undefined: nothing yet. */
  #initialize: string | undefined;
  #settings: string | undefined;
  #model: string | null = null;
  #resolvedModel: string | undefined;
  #tools = '[]';
  #toolServer = new ToolServer([]);
  #toolServerName: ToolServerName = 'caller2';
  /** Calls of the caller's tools whose results the CLI waits for, in the middle of a turn. */
  #openCalls: readonly string[] | undefined;
  /** Their results, which the next question brings. */
  #results: ReadonlyMap<string, McpResult> | undefined;
  #account: Record<string, unknown> | undefined;
  /** The control request that made requests fail. */
  #block: string | undefined;

  constructor(worker: Worker) {
    this.worker = worker;
  }

  /** Messages in the worker's memory. */
  get length(): number {
    return this.#conversation.length;
  }

  /** Whether the CLI waits for the results of tool calls. */
  get isWaiting(): boolean {
    return this.#openCalls !== undefined;
  }

  /** Whether the worker has this plan's system prompt, or can still take it. */
  fits(plan: Plan): boolean {
    return this.#initialize === undefined || this.#initialize === toJson(plan.initialize);
  }

  /** How many of the plan's messages need not be told again: the same ones, up to a point that can be rewound to. */
  sharedLength(plan: Plan): number {
    const { history, settings } = plan;
    // Another model would not take over this one's thinking.
    if (settings && settings.model !== this.#model) return 0;
    if (!this.#openCalls || this.#resultsFor(plan)) return this.#conversation.sharedLength(history);
    return Math.min(this.#conversation.sharedLength(history), this.#conversation.lengthBeforeQuestion);
  }

  /** How the CLI is signed in, in its own words. Tells it the plan's system prompt on the way. */
  async account({ initialize }: Plan): Promise<Record<string, unknown>> {
    if (this.#account) return this.#account;
    const { account } = await this.worker.request(initialize ?? { subtype: 'initialize' });
    this.#initialize = toJson(initialize);
    this.#account = typeof account === 'object' && account !== null ? { ...account } : {};
    return this.#account;
  }

  /** Carries out a plan: afterwards the worker is ready for the question. */
  async prepare(plan: Plan): Promise<void> {
    this.#results = this.#resultsFor(plan);
    if (this.#results) return;
    await this.#letGo();
    await this.worker.checkVersion();
    this.#tellSystemPrompt(plan);
    const shared = this.sharedLength(plan);
    this.#tellSettings(plan);
    await this.#tellTools(plan);
    await this.rewindTo(shared);
    for (const message of plan.history.slice(shared)) await this.#tellMessage(message);
  }

  /**
   * Tells a plan's settings ahead of a call that probably has the same; if not, its own replace them. What belongs to
   * one call alone stays out: its conversation, which the transport `exact` puts in the settings. So does the system
   * prompt: told ahead it would save some 5 ms, but a CLI takes only one, so no call with another could have the worker.
   */
  foresee(plan: Plan & Partial<MessagesPlan>): void {
    if (plan.keep !== false) this.#tellSettings(plan);
  }

  /**
   * Learns what a resumed session used before: the CLI counts on from there. A CLI that does not know the question
   * counts from 0, as far as can be told.
   */
  async recallUsage(): Promise<void> {
    try {
      const { session } = await this.worker.request({ subtype: 'get_usage' });
      const { model_usage: used } = Object(session) as { model_usage?: ResultMessage['modelUsage'] };
      this.used = used;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** Asks on top of what the worker holds: afterwards it is answering. */
  ask(question: WireMessage): void {
    this.turns++;
    if (!this.#results) {
      this.#conversation.ask(question, this.#writeUser(question, {}));
      return;
    }
    this.#conversation.ask(question);
    this.#toolServer.answer(this.#results);
    this.#openCalls = undefined;
    this.#results = undefined;
  }

  /**
   * Whatever the CLI would ask on its own account after the response fails before it is sent. To end the process at the
   * end of the response may come too late on a busy machine, and costs the worker.
   */
  blockRequests(): void {
    this.#block ??= this.#tellHeaders(invalidHeaders);
  }

  /** Whether the CLI has confirmed that. */
  get areRequestsBlocked(): boolean {
    return this.#block !== undefined && this.worker.isAnswered(this.#block);
  }

  /** The turn is over. Told at once, so that the next question need not wait for it. */
  allowRequests(): void {
    if (this.#block === undefined) return;
    this.#block = undefined;
    this.#tellHeaders(this.worker.env.ANTHROPIC_CUSTOM_HEADERS ?? '');
  }

  /** The turn ended well and its answer is part of the conversation now. */
  addAnswer(answer: WireMessage): void {
    this.#conversation.add(answer);
  }

  /**
   * The answer calls tools of the caller, and the CLI waits for their results. So does the worker: when the caller
   * comes back with them, nothing has to be taken back and told again.
   */
  waitForResults(answer: WireMessage, calls: readonly string[]): void {
    this.allowRequests();
    this.addAnswer(answer);
    this.#openCalls = calls;
  }

  /** Takes the last question back, with all that came after it. */
  async takeBack(): Promise<void> {
    this.allowRequests();
    await this.rewindTo(this.#conversation.lengthBeforeQuestion);
  }

  /**
   * Removes everything after the first `length` messages: newest user message first, as the CLI demands. `rewound` for
   * the oldest of them is the proof that nothing after it is left.
   */
  async rewindTo(length: number): Promise<void> {
    for (const uuid of this.#conversation.rewindTargets(length)) {
      const answer = await this.worker.request({ subtype: 'rewind_conversation', target_message_uuid: uuid });
      if (answer.rewound !== true) throw new ProtocolError('a rewind was refused', JSON.stringify(answer));
    }
    this.#conversation.cut(length);
  }

  /** The results of the open calls, when this plan brings them and nothing else has changed. */
  #resultsFor({ settings, tools, history, question }: Plan): ReadonlyMap<string, McpResult> | undefined {
    if (!this.#openCalls || !question) return undefined;
    const unchanged = toJson(settings) === this.#settings && toJson(tools) === this.#tools;
    return unchanged && this.#conversation.is(history) ? toMcpResults(question, this.#openCalls) : undefined;
  }

  /**
   * Nobody comes back with the results: the turn is interrupted and taken back. `used` stays as it is, so that what the
   * turn has cost is told with the next one.
   */
  async #letGo(): Promise<void> {
    if (!this.#openCalls) return;
    this.#openCalls = undefined;
    await this.worker.request({ subtype: 'interrupt' });
    await this.worker.nextResult();
    await this.takeBack();
  }

  #tellSystemPrompt({ initialize }: Plan): void {
    if (this.#initialize !== undefined) return;
    this.#initialize = toJson(initialize);
    if (initialize) this.worker.post(initialize);
  }

  #tellSettings({ settings }: Plan): void {
    if (!settings || toJson(settings) === this.#settings) return;
    this.worker.post({ subtype: 'apply_flag_settings', settings });
    this.#settings = toJson(settings);
    this.#model = settings.model;
    this.#resolvedModel = undefined;
  }

  #tellHeaders(headers: string): string {
    const settings = { env: { ANTHROPIC_CUSTOM_HEADERS: headers } };
    return this.worker.post({ subtype: 'apply_flag_settings', settings });
  }

  async #tellTools({ tools }: Plan): Promise<void> {
    const wanted = toJson(tools);
    if (wanted === this.#tools) return;
    const toolServer = new ToolServer(tools);
    this.#toolServer = toolServer;
    this.worker.answerControl = message => toolServer.handle(message);
    this.#toolServerName = this.#toolServerName === 'caller' ? 'caller2' : 'caller';
    const server = { type: 'sdk', name: this.#toolServerName };
    const servers = tools.length > 0 ? { [this.#toolServerName]: server } : {};
    await this.worker.request({ subtype: 'mcp_set_servers', servers });
    this.#tools = wanted;
  }

  async #tellMessage(message: WireMessage): Promise<void> {
    if (message.role === 'user') {
      this.#conversation.add(message, this.#writeUser(message, { shouldQuery: false }));
      await this.worker.nextResult();
      return;
    }
    // Without an id of its own it may be merged with another; under another model's name its thinking would be dropped.
    const model = await this.#resolveModel();
    const content =
      typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
    const id = `msg_${randomUUID()}`;
    this.worker.write({
      type: 'assistant',
      message: { id, type: 'message', role: 'assistant', model, content },
    });
    this.#conversation.add(message);
  }

  /** The full name of the model that the worker's alias or default stands for. */
  async #resolveModel(): Promise<string> {
    if (this.#resolvedModel !== undefined) return this.#resolvedModel;
    const { applied } = await this.worker.request({ subtype: 'get_settings' });
    const model =
      typeof applied === 'object' && applied !== null && 'model' in applied ? applied.model : undefined;
    if (typeof model !== 'string') throw new ProtocolError('get_settings was answered without a model');
    this.#resolvedModel = model;
    return model;
  }

  /**
   * `client_composed`: the text goes out as it is, no `@file` is read and no `/command` run.
   * @returns the id to rewind to; a tool result has none
   */
  #writeUser(message: WireMessage, extra: { shouldQuery?: boolean }): string | undefined {
    const uuid = randomUUID();
    this.worker.write({
      type: 'user',
      uuid,
      client_composed: true,
      message,
      parent_tool_use_id: null,
      ...extra,
    });
    const isToolResult =
      typeof message.content !== 'string' && message.content.some(({ type }) => type === 'tool_result');
    return isToolResult ? undefined : uuid;
  }
}

/** No name of a header has spaces, so the request cannot even be made. */
const invalidHeaders = 'one request per call: no more';

function toJson(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
