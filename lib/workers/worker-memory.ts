import { randomUUID } from 'node:crypto';
import type { ResultMessage } from '../cli/messages.ts';
import { ProtocolError } from '../errors.ts';
import { fingerprint } from './fingerprint.ts';
import type { Plan, WireMessage } from './plan.ts';
import { type ToolServerName, toToolServer } from './tool-server.ts';
import type { Worker } from './worker.ts';

/** A message the worker holds. Only a user message that is no tool result can be rewound to; it has a uuid. */
interface HeldMessage {
  fingerprint: string;
  uuid: string | undefined;
}

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
  #held: HeldMessage[] = [];
  /** Length of the conversation before the last question. */
  #before = 0;
  /** JSON of what was told; undefined: nothing yet. */
  #initialize: string | undefined;
  #settings: string | undefined;
  #model: string | null = null;
  #resolvedModel: string | undefined;
  #tools = '[]';
  #toolServer: ToolServerName = 'caller2';
  #account: Record<string, unknown> | undefined;
  #blocked = false;

  constructor(worker: Worker) {
    this.worker = worker;
  }

  /** Messages in the worker's memory. */
  get length(): number {
    return this.#held.length;
  }

  /** Whether the worker has this plan's system prompt, or can still take it. */
  fits(plan: Plan): boolean {
    return this.#initialize === undefined || this.#initialize === toJson(plan.initialize);
  }

  /** How many of the plan's messages need not be told again: the same ones, up to a point that can be rewound to. */
  sharedLength({ history, settings }: Plan): number {
    // Another model would not take over this one's thinking.
    if (settings && settings.model !== this.#model) return 0;
    let same = 0;
    while (same < this.#held.length && same < history.length && this.#isHeld(history[same], same)) same++;
    while (same < this.#held.length && this.#held[same]?.uuid === undefined) same--;
    return Math.max(same, 0);
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
    await this.worker.checkVersion();
    this.#tellSystemPrompt(plan);
    const shared = this.sharedLength(plan);
    this.#tellSettings(plan);
    await this.#tellTools(plan);
    await this.rewindTo(shared);
    for (const message of plan.history.slice(shared)) await this.#tellMessage(message);
  }

  /** Asks on top of what the worker holds: afterwards it is answering. */
  ask(question: WireMessage): void {
    this.#before = this.#held.length;
    this.turns++;
    this.#writeUser(question, {});
  }

  /**
   * The response has begun: whatever the CLI would ask on its own account after it fails before it is sent. Ending the
   * process at the end of the response alone may come too late on a busy machine.
   */
  blockRequests(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    this.#tellHeaders(invalidHeaders);
  }

  /** The turn is over. Told at once, so that the next question need not wait for it. */
  allowRequests(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#tellHeaders(this.worker.env.ANTHROPIC_CUSTOM_HEADERS ?? '');
  }

  /** The turn ended well and its answer is part of the conversation now. */
  addAnswer(answer: WireMessage): void {
    this.#held.push({ fingerprint: fingerprint(answer), uuid: undefined });
  }

  /** Takes the last question back, with all that came after it. */
  async takeBack(): Promise<void> {
    this.allowRequests();
    let length = this.#before;
    // A tool result is no point that can be rewound to; the user message before it is.
    while (length > 0 && this.#held[length]?.uuid === undefined) length--;
    await this.rewindTo(length);
  }

  /**
   * Removes everything after the first `length` messages: newest user message first, as the CLI demands. `rewound` for
   * the oldest of them is the proof that nothing after it is left.
   */
  async rewindTo(length: number): Promise<void> {
    for (const { uuid } of this.#held.slice(length).reverse()) {
      if (uuid === undefined) continue;
      const answer = await this.worker.request({ subtype: 'rewind_conversation', target_message_uuid: uuid });
      if (answer.rewound !== true) throw new ProtocolError('a rewind was refused', JSON.stringify(answer));
    }
    this.#held.length = length;
  }

  #isHeld(message: WireMessage | undefined, index: number): boolean {
    return message !== undefined && this.#held[index]?.fingerprint === fingerprint(message);
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

  #tellHeaders(headers: string): void {
    const settings = { env: { ANTHROPIC_CUSTOM_HEADERS: headers } };
    this.worker.post({ subtype: 'apply_flag_settings', settings });
  }

  async #tellTools({ tools }: Plan): Promise<void> {
    const wanted = toJson(tools);
    if (wanted === this.#tools) return;
    this.worker.answerControl = toToolServer(tools);
    this.#toolServer = this.#toolServer === 'caller' ? 'caller2' : 'caller';
    const server = { type: 'sdk', name: this.#toolServer };
    const servers = tools.length > 0 ? { [this.#toolServer]: server } : {};
    await this.worker.request({ subtype: 'mcp_set_servers', servers });
    this.#tools = wanted;
  }

  async #tellMessage(message: WireMessage): Promise<void> {
    if (message.role === 'user') {
      this.#writeUser(message, { shouldQuery: false });
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
    this.#held.push({ fingerprint: fingerprint(message), uuid: undefined });
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

  /** `client_composed`: the text goes out as it is, no `@file` is read and no `/command` run. */
  #writeUser(message: WireMessage, extra: { shouldQuery?: boolean }): void {
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
    this.#held.push({ fingerprint: fingerprint(message), uuid: isToolResult ? undefined : uuid });
  }
}

/** No name of a header has spaces, so the request cannot even be made. */
const invalidHeaders = 'one request per call: no more';

function toJson(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
