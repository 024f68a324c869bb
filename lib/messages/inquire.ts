import { beginCall } from '../call.ts';
import { ProtocolError } from '../errors.ts';
import { resolveOptions } from '../options.ts';
import type { AnswerOptions } from '../workers/answer.ts';
import { toMessagesLaunch } from '../workers/launch.ts';
import type { Plan } from '../workers/plan.ts';
import { type Ending, useWorker } from '../workers/use-worker.ts';
import type { WorkerMemory } from '../workers/worker-memory.ts';

/**
 * Asks a worker something that is no turn: nothing is generated. The worker comes from the pool, if there is one, and
 * goes back to it.
 */
export async function inquire<Value>(
  plan: Plan,
  { transport, betas = [], ...rest }: AnswerOptions,
  ask: (memory: WorkerMemory) => Promise<Value>,
): Promise<Value> {
  const call = beginCall(resolveOptions(rest));
  const launch = () => toMessagesLaunch(call.options, betas);
  async function* run(memory: WorkerMemory): AsyncGenerator<Value, Ending<void>> {
    await call.listen(memory.prepare(plan));
    yield await call.listen(ask(memory));
    return { outcome: { value: undefined }, settle: () => memory.rewindTo(0) };
  }
  try {
    const answers: Value[] = [];
    for await (const answer of useWorker({ call, pool: call.options.pool, launch, plan }, run))
      answers.push(answer);
    const [answer] = answers;
    if (answer === undefined) throw new ProtocolError('an inquiry ended without an answer');
    return answer;
  } finally {
    call.dispose();
  }
}
