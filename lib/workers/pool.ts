import { identity } from '../cli/version.ts';
import type { WorkerOrigin } from '../diagnostics.ts';
import { createLimiter, type Lease } from '../limiter.ts';
import { type Launch, launchKey } from './launch.ts';
import type { Plan } from './plan.ts';
import { type PoolOptions, resolvePoolOptions } from './pool-options.ts';
import { residentBytes } from './resident-bytes.ts';
import { Worker } from './worker.ts';
import { WorkerMemory } from './worker-memory.ts';

/** A worker on loan for one call. Whoever takes it gives it back. */
export interface TakenWorker {
  readonly memory: WorkerMemory;
  readonly origin: WorkerOrigin;
  /** The turn has begun to answer. */
  answering(): void;
  /**
   * `settle` brings the worker into a state in which another call may have it; without it, or when it fails, the worker
   * is ended. Resolves when that is done; never rejects.
   */
  giveBack(settle: (() => Promise<void>) | undefined): Promise<void>;
}

/**
 * Why workers were ended. `unsure`: it could not be proven that it is in order; `evicted`: another kind of worker needed
 * its place; `replaced`: the CLI on disk is another one now.
 */
export type EndReason =
  | 'unsure'
  | 'died'
  | 'idle'
  | 'evicted'
  | 'replaced'
  | 'max-turns'
  | 'max-rss'
  | 'closed';

/** What a pool has and has done. */
export interface PoolStats {
  /** Workers that wait for a call. */
  idle: number;
  /** Workers that answer, or are brought back into order. */
  busy: number;
  /** Processes that are about to become workers. */
  starting: number;
  /** Calls that wait because `max` workers are busy. */
  waiting: number;
  /** Calls served so far, by where their worker came from. */
  served: Record<WorkerOrigin, number>;
  /** Milliseconds all served calls together waited for their worker. */
  waitedMs: number;
  /** Workers ended so far, by reason. */
  ended: Partial<Record<EndReason, number>>;
}

interface Member {
  readonly key: string;
  readonly file: string;
  readonly fileIdentity: string;
  readonly memory: WorkerMemory;
  busy: boolean;
  /** Set while a worker that has answered is brought back into order. */
  settling: Promise<void> | undefined;
  idleSince: number;
  expiry: NodeJS.Timeout | undefined;
}

/** Keeps started workers ready. Workers with the same launch and tenant are interchangeable. */
export class Pool implements AsyncDisposable {
  readonly #options: Required<PoolOptions>;
  readonly #slots;
  readonly #members = new Set<Member>();
  /** Processes that are about to be gone. */
  readonly #ending = new Set<Promise<unknown>>();
  readonly #starting = new Map<string, number>();
  readonly #refills = new Map<string, NodeJS.Timeout>();
  readonly #served: Record<WorkerOrigin, number> = { cold: 0, warm: 0, rewound: 0, continued: 0 };
  readonly #ended: Partial<Record<EndReason, number>> = {};
  #waitedMs = 0;
  #closed = false;

  constructor(options: PoolOptions = {}) {
    this.#options = resolvePoolOptions(options);
    this.#slots = createLimiter({ concurrency: this.#options.max });
  }

  /** Numbers for a metrics page. */
  get stats(): PoolStats {
    const busy = [...this.#members].filter(member => member.busy).length;
    return {
      idle: this.#members.size - busy,
      busy,
      starting: sum(this.#starting.values()),
      waiting: this.#slots.size,
      served: { ...this.#served },
      waitedMs: this.#waitedMs,
      ended: { ...this.#ended },
    };
  }

  /**
   * The best worker for a plan: one that holds its conversation, an empty one, one to rewind, a fresh one, a new process.
   * @internal
   */
  async take(launch: Launch, plan: Plan, signal: AbortSignal): Promise<TakenWorker> {
    if (this.#closed) throw new Error('The pool is closed.');
    const arrivedAt = performance.now();
    const lease = await this.#slots.acquire({ signal });
    try {
      const key = launchKey(launch, this.#options.tenant);
      await this.#settled(key, plan);
      const found = this.#choose(key, plan);
      const origin = found ? originOf(found.memory, plan) : 'cold';
      const member = found ?? (await this.#start(launch, key));
      member.busy = true;
      clearTimeout(member.expiry);
      member.memory.worker.keepAlive(true);
      this.#served[origin]++;
      this.#waitedMs += performance.now() - arrivedAt;
      const refill = () => this.#refillSoon(launch, key, plan);
      return {
        memory: member.memory,
        origin,
        answering: refill,
        giveBack: async settle => {
          refill();
          await this.#takeBack(member, settle, lease);
        },
      };
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /**
   * Starts workers for a launch until `warm` are ready.
   * @internal
   */
  async warmUp(launch: Launch, plan?: Plan): Promise<void> {
    const key = launchKey(launch, this.#options.tenant);
    const missing = Math.min(this.#options.warm - this.#fresh(key), this.#options.max - this.#total);
    await Promise.all(Array.from({ length: Math.max(missing, 0) }, () => this.#addIdle(launch, key, plan)));
  }

  /** Lets running calls finish, then ends every worker. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#refills.values()) clearTimeout(timer);
    await Promise.all(
      [...this.#members].filter(member => !member.busy).map(member => this.#end(member, 'closed')),
    );
    await this.#slots.onIdle();
    await Promise.all([...this.#members].map(member => this.#end(member, 'closed')));
    await Promise.all(this.#ending);
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #total(): number {
    return this.#members.size + sum(this.#starting.values());
  }

  #choose(key: string, plan: Plan): Member | undefined {
    const idle = [...this.#members].filter(member => !member.busy && member.key === key);
    const sound = idle.filter(member => this.#isSound(member) && member.memory.fits(plan));
    const rank = ({ memory }: Member): number => {
      const shared = memory.sharedLength(plan);
      if (shared > 0) return 3 + shared;
      // Somebody is about to come back to it.
      if (memory.isWaiting) return 0;
      if (memory.turns > 0) return memory.length === 0 ? 3 : 2;
      return 1;
    };
    return sound.sort((a, b) => rank(b) - rank(a) || a.idleSince - b.idleSince)[0];
  }

  /** A worker whose file was replaced, or that spoke while nobody asked, is ended. */
  #isSound(member: Member): boolean {
    if (identity(member.file) !== member.fileIdentity) {
      void this.#end(member, 'replaced');
      return false;
    }
    try {
      for (let message = member.memory.worker.poll(); message; message = member.memory.worker.poll()) {
        if (['stream_event', 'assistant', 'result'].includes(message.type)) throw new Error('out of turn');
      }
      return true;
    } catch {
      void this.#end(member, 'unsure');
      return false;
    }
  }

  async #start(launch: Launch, key: string): Promise<Member> {
    await this.#makeRoom();
    this.#starting.set(key, (this.#starting.get(key) ?? 0) + 1);
    try {
      const fileIdentity = identity(launch.file);
      const memory = new WorkerMemory(await Worker.start(launch));
      const member: Member = {
        key,
        file: launch.file,
        fileIdentity,
        memory,
        busy: true,
        settling: undefined,
        idleSince: 0,
        expiry: undefined,
      };
      this.#members.add(member);
      void memory.worker.exited.then(() => this.#end(member, 'died'));
      return member;
    } finally {
      this.#starting.set(key, (this.#starting.get(key) ?? 1) - 1);
    }
  }

  /** At the maximum, the worker that was idle longest makes way. */
  async #makeRoom(): Promise<void> {
    if (this.#total < this.#options.max) return;
    const idle = [...this.#members].filter(member => !member.busy).sort((a, b) => a.idleSince - b.idleSince);
    if (idle[0]) await this.#end(idle[0], 'evicted');
  }

  /** A worker about to be ready is worth waiting for when it holds the conversation, or when no other is idle. */
  async #settled(key: string, plan: Plan): Promise<void> {
    const alike = [...this.#members].filter(member => member.key === key && member.memory.fits(plan));
    const settling = alike.filter(member => member.settling);
    const holder = settling.find(
      ({ memory }) => memory.length > 0 && memory.sharedLength(plan) === memory.length,
    );
    if (holder) await holder.settling;
    else if (settling.length > 0 && alike.every(member => member.busy))
      await Promise.race(settling.map(member => member.settling));
  }

  async #takeBack(member: Member, settle: (() => Promise<void>) | undefined, lease: Lease): Promise<void> {
    try {
      const settling = settle?.().then(
        () => this.#whyEnd(member),
        () => 'unsure' as const,
      );
      member.settling = settling?.then(reason => (reason ? undefined : this.#setIdle(member)));
      const reason = settling ? await settling : 'unsure';
      if (reason) await this.#end(member, reason);
    } finally {
      lease.release();
    }
  }

  async #whyEnd({ memory }: Member): Promise<EndReason | undefined> {
    if (this.#closed) return 'closed';
    if (memory.turns >= this.#options.maxTurns) return 'max-turns';
    return (await residentBytes(memory.worker.pid)) > this.#options.maxRss ? 'max-rss' : undefined;
  }

  #setIdle(member: Member): void {
    member.busy = false;
    member.settling = undefined;
    member.idleSince = performance.now();
    member.memory.worker.keepAlive(false);
    member.expiry = setTimeout(() => void this.#end(member, 'idle'), this.#options.idleTtl).unref();
  }

  async #end(member: Member, reason: EndReason): Promise<void> {
    if (this.#members.delete(member)) {
      this.#ended[reason] = (this.#ended[reason] ?? 0) + 1;
      clearTimeout(member.expiry);
    }
    const ending = member.memory.worker.end(reason === 'unsure' || reason === 'died' ? 'kill' : 'stop');
    this.#ending.add(ending);
    await ending.finally(() => this.#ending.delete(ending));
  }

  /** Workers that any call of this kind can have: one that has answered may have another system prompt. */
  #fresh(key: string): number {
    const fresh = [...this.#members].filter(
      member => member.key === key && member.memory.turns === 0 && !member.busy,
    );
    return fresh.length + (this.#starting.get(key) ?? 0);
  }

  /**
   * A little after the turn that made it necessary has begun to answer, so that starting a process does not slow it
   * down: from then on it waits for the API.
   */
  #refillSoon(launch: Launch, key: string, plan: Plan): void {
    if (this.#closed || this.#refills.has(key)) return;
    const refill = () => {
      this.#refills.delete(key);
      // A worker that cannot start is the next caller's error to see, not a background one.
      this.warmUp(launch, plan).catch(() => {});
    };
    this.#refills.set(key, setTimeout(refill, refillDelay).unref());
  }

  /** The next call probably has the settings of this plan; then they need not be told on its way. */
  async #addIdle(launch: Launch, key: string, plan: Plan | undefined): Promise<void> {
    const member = await this.#start(launch, key);
    if (plan) member.memory.foresee(plan);
    if (this.#closed) await this.#end(member, 'closed');
    else this.#setIdle(member);
  }
}

const refillDelay = 100;

/**
 * A pool of warm workers, for the `pool` option. End it with `await using` or `close()`; until then its idle workers do
 * not keep the program alive.
 *
 * ```ts
 * await using pool = createPool({ warm: 1 });
 * const { text } = await getResponse('What is 2+2?', { pool });
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function createPool(options: PoolOptions = {}): Pool {
  return new Pool(options);
}

function originOf(memory: WorkerMemory, plan: Plan): WorkerOrigin {
  if (memory.turns === 0) return 'warm';
  return memory.sharedLength(plan) > 0 ? 'continued' : 'rewound';
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0);
}
