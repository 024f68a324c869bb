import { randomUUID } from 'node:crypto';
import { type Channel, channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ChunkEvent, EndEvent, ModelUsage, RetryEvent, Summary } from './chunks.ts';
import type { Limiter } from './limiter.ts';

/**
 * What the core tells whoever listens, through `node:diagnostics_channel`: subscribe to `claude-cli-stream:<name>`.
 * Nothing is computed while nobody does. Times are milliseconds. No prompt and no answer text is in it, but for
 * `summary.text`, and all of it in `message`.
 */
export interface Diagnostics {
  /** A call began. `model` is the one asked for; undefined: the CLI's default. */
  start: { callId: string; model: string | undefined };
  /** A call got its slot. */
  slot: { callId: string; waitMs: number; size: number; pending: number };
  /** A worker was started or taken from the pool for a call. */
  worker: { callId: string; pid: number; origin: WorkerOrigin; startMs: number };
  /** Whatever a worker and its host say to each other, as the objects that their lines are. */
  message: { pid: number; from: 'cli' | 'host'; message: object };
  /** The CLI's first message of a call. */
  'first-event': { callId: string; ms: number };
  /** The first text of its answer. */
  'first-text': { callId: string; ms: number };
  retry: { callId: string; event: RetryEvent };
  /**
   * What the CLI says that a turn used, by model, whether it ended well or not: once per turn and attempt. `limiter`
   * gave the call its slot.
   */
  usage: { callId: string; limiter: Limiter; usage: Record<string, ModelUsage>; costUsd: number };
  /** The answer is complete; `summary` is that of the last turn. */
  end: { callId: string; ms: number; summary: Summary };
  error: { callId: string; ms: number; error: unknown };
  /** The caller left before the end, by `break`, `return()` or `throw()`. What began ends with `end`, `error` or `left`. */
  left: { callId: string; ms: number };
  /** A response cache was asked. `shared`: the call joined an identical one that was running. */
  cache: { outcome: CacheOutcome; ms: number };
}

/** `hit`: stored, so no process was started; `miss`: asked; `shared`: joined an identical call that was running. */
export type CacheOutcome = 'hit' | 'miss' | 'shared';

/** `cold`: started for the call; `warm`: started before it, not used yet; `rewound`: used and emptied; `continued`: holds its history. */
export type WorkerOrigin = 'cold' | 'warm' | 'rewound' | 'continued';

const channels = new Map<keyof Diagnostics, Channel>();

/** Publishes one message; `facts` is called only when somebody listens. */
export function report<Name extends keyof Diagnostics>(name: Name, facts: () => Diagnostics[Name]): void {
  let found = channels.get(name);
  if (!found) {
    found = channel(`claude-cli-stream:${name}`);
    channels.set(name, found);
  }
  if (found.hasSubscribers) found.publish(facts());
}

export type Listeners = { [Name in keyof Diagnostics]?: (facts: Diagnostics[Name]) => void };

/** Listens to what the core tells. @returns a function that ends that */
export function listen(listeners: Listeners): () => void {
  const subscribed = Object.entries(listeners).map(([name, listener]) => {
    const handle = (facts: unknown) => listener(facts as never);
    subscribe(`claude-cli-stream:${name}`, handle);
    return { name, handle };
  });
  return () => {
    for (const { name, handle } of subscribed) unsubscribe(`claude-cli-stream:${name}`, handle);
  };
}

/** Follows one call, which has its slots of `limiter`, from its first pull to its end. */
export function startReport(limiter: Limiter): { callId: string; tell: CallReport } {
  const callId = randomUUID();
  const startedAt = performance.now();
  const ms = () => performance.now() - startedAt;
  let heard = false;
  let text = false;
  let over = false;
  /** The end of a turn, while nothing came after it. */
  let ended: { ms: number; summary: Summary } | undefined;
  const tell: CallReport = {
    start(model) {
      report('start', () => ({ callId, model }));
    },
    event(event) {
      ended = event.type === 'end' ? { ms: ms(), summary: toSummary(event) } : undefined;
      if (!heard) report('first-event', () => ({ callId, ms: ms() }));
      heard = true;
      if (event.type === 'retry') report('retry', () => ({ callId, event }));
      if (text || event.type !== 'text') return;
      text = true;
      report('first-text', () => ({ callId, ms: ms() }));
    },
    used(usage) {
      const costUsd = Object.values(usage).reduce((sum, model) => sum + model.costUsd, 0);
      report('usage', () => ({ callId, limiter, usage, costUsd }));
    },
    end(summary) {
      over = true;
      report('end', () => ({ callId, ms: ms(), summary }));
    },
    error(error) {
      over = true;
      report('error', () => ({ callId, ms: ms(), error }));
    },
    over() {
      if (over) return;
      // Many a reader leaves at the end event: it has all it wanted.
      const answer = ended;
      if (answer) report('end', () => ({ callId, ...answer }));
      else report('left', () => ({ callId, ms: ms() }));
    },
  };
  return { callId, tell };
}

function toSummary({ type: _, ...summary }: EndEvent): Summary {
  return summary;
}

export interface CallReport {
  start(model: string | undefined): void;
  event(event: ChunkEvent): void;
  /** What a turn used. */
  used(usage: Record<string, ModelUsage>): void;
  end(summary: Summary): void;
  error(error: unknown): void;
  /** The last thing told. */
  over(): void;
}
