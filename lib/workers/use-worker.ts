import type { Call } from '../call.ts';
import { report } from '../diagnostics.ts';
import { CliExitedError, ProtocolError } from '../errors.ts';
import type { Launch } from './launch.ts';
import type { Plan } from './plan.ts';
import type { Pool, TakenWorker } from './pool.ts';
import { Worker } from './worker.ts';
import { WorkerMemory } from './worker-memory.ts';

/** What a call needs of a worker. */
export interface WorkerUse {
  call: Call;
  pool: Pool | undefined;
  launch(): Launch;
  plan: Plan;
}

/** How a turn ended for the caller, and what brings its worker into a state in which another call may have it. */
export interface Ending<Value> {
  outcome: { value: Value } | { error: unknown };
  /** Rejects when that state is not proven; the worker is ended then. */
  settle(): Promise<void>;
}

/**
 * Slot, worker, turn, give-back: in this order and, however the turn ends, all of it. A worker from the pool that fails
 * before it delivered anything is replaced once, unnoticed.
 */
export async function* useWorker<Event, Value>(
  use: WorkerUse,
  run: (memory: WorkerMemory) => AsyncGenerator<Event, Ending<Value>>,
): AsyncGenerator<Event, Value> {
  const { call, pool } = use;
  const { signal } = call;
  const { limiter, priority } = call.options;
  const arrivedAt = performance.now();
  const lease = await limiter.acquire({ signal, priority });
  report('slot', () => ({
    callId: call.id,
    waitMs: performance.now() - arrivedAt,
    size: limiter.size,
    pending: limiter.pending,
  }));
  let givenBack: Promise<void> | undefined;
  try {
    call.startTimeout();
    for (;;) {
      const taken = await takeWorker(use);
      const { worker } = taken.memory;
      const abandon = () => worker.fail(signal.reason);
      signal.addEventListener('abort', abandon, { once: true });
      if (signal.aborted) abandon();
      let delivered = 0;
      let ending: Ending<Value> | undefined;
      const turn = run(taken.memory);
      try {
        for (let step = await turn.next(); ; step = await turn.next()) {
          if (step.done) {
            ending = step.value;
            break;
          }
          delivered += 1;
          // The first event may say no more than that the CLI has taken the question.
          if (delivered === 2) taken.answering();
          try {
            yield step.value;
          } catch (error) {
            // The turn adds its text to the error.
            await turn.throw(error);
          }
        }
      } catch (error) {
        if (delivered > 0 || taken.origin === 'cold' || signal.aborted || !isWorkersFault(error)) throw error;
        continue;
      } finally {
        signal.removeEventListener('abort', abandon);
        // Whoever leaves leaves the turn too, which closes the caller's messages.
        await turn.return(undefined as never);
        givenBack = giveBack(taken, ending);
        // Nobody waits for a worker of the pool to be put in order; a process started for this call must be gone.
        if (!ending || !pool) await givenBack;
      }
      if ('error' in ending.outcome) throw ending.outcome.error;
      return ending.outcome.value;
    }
  } finally {
    if (givenBack) void givenBack.finally(() => lease.release());
    else lease.release();
  }
}

/** A worker for one call: from the pool, or started for it and ended after it. */
async function takeWorker({ call, pool, launch, plan }: WorkerUse): Promise<TakenWorker> {
  const startedAt = performance.now();
  const taken = pool ? await pool.take(launch(), plan, call.signal) : await startForOne(launch());
  report('worker', () => ({
    callId: call.id,
    pid: taken.memory.worker.pid,
    origin: taken.origin,
    startMs: performance.now() - startedAt,
  }));
  return taken;
}

async function startForOne(launch: Launch): Promise<TakenWorker> {
  const worker = await Worker.start(launch);
  return {
    memory: new WorkerMemory(worker),
    origin: 'cold',
    answering() {},
    async giveBack(settle) {
      await settle?.().catch(() => {});
      await worker.end(settle ? 'finish' : 'stop');
    },
  };
}

function giveBack(taken: TakenWorker, ending: Ending<unknown> | undefined): Promise<void> {
  const { worker } = taken.memory;
  return taken.giveBack(
    ending &&
      (async () => {
        const late = setTimeout(
          () => worker.fail(new ProtocolError('no result after an answer')),
          settleLimit,
        );
        try {
          await ending.settle();
        } finally {
          clearTimeout(late);
        }
      }),
  );
}

/** Milliseconds. Usually it takes 10 to 30. */
const settleLimit = 5_000;

function isWorkersFault(error: unknown): boolean {
  return error instanceof CliExitedError || error instanceof ProtocolError;
}
