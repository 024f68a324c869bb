import { createReadStream } from 'node:fs';
import pRetry from 'p-retry';
import { createCallAbort } from '../abort.ts';
import { createLimiter } from '../limiter.ts';
import type { Handler } from '../messages/handler.ts';
import { linesOf } from '../process/lines.ts';
import { type Journal, openJournal } from './journal.ts';
import { takeLock } from './lock.ts';
import type { BatchFacts, BatchRequest, BatchStore, RequestCounts } from './message-batch-store.ts';

/** What became of one request, in the API's words. */
type BatchRequestResult =
  | { type: 'succeeded'; message: unknown }
  | { type: 'errored'; error: unknown }
  | { type: 'canceled' | 'expired' };

export interface BatchRunner {
  /** Runs what is left of a batch, unless it has ended or a process runs it already. */
  run(batch: BatchFacts): void;
  /** Ends what runs; it is done again by whoever runs the batch next. */
  close(): Promise<void>;
}

export interface BatchRunnerOptions {
  concurrency: number;
  attempts: number;
}

export function createBatchRunner(
  handler: Handler,
  store: BatchStore,
  { concurrency, attempts }: BatchRunnerOptions,
): BatchRunner {
  const limiter = createLimiter({ concurrency });
  const stop = new AbortController();
  const running = new Map<string, Promise<void>>();

  async function runLocked(batch: BatchFacts): Promise<void> {
    const { requests, results, lock } = store.paths(batch.id);
    const release = takeLock(lock);
    if (typeof release === 'number') return;
    try {
      if (store.ended(batch.id)) return;
      const counts = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
      const done = new Set<string>();
      const journal = await openJournal(results, line => {
        const { custom_id, result } = line as { custom_id: string; result: BatchRequestResult };
        done.add(custom_id);
        counts[result.type] += 1;
      });
      try {
        await answerAll(batch, requestsOf(requests, done), journal, counts);
      } finally {
        await journal.close();
      }
      await store.end(batch.id, counts);
    } finally {
      release();
    }
  }

  async function answerAll(
    batch: BatchFacts,
    requests: AsyncIterable<BatchRequest>,
    journal: Journal,
    counts: RequestCounts,
  ): Promise<void> {
    const tasks = new Set<Promise<void>>();
    let failure: { error: unknown } | undefined;
    try {
      for await (const request of requests) {
        const lease = await limiter.acquire({ signal: stop.signal });
        if (failure) break;
        const task = resultOf(batch, request)
          .then(async result => {
            await journal.append({ custom_id: request.custom_id, result });
            counts[result.type] += 1;
          })
          .catch(error => {
            failure ??= { error };
          })
          .finally(() => {
            lease.release();
            tasks.delete(task);
          });
        tasks.add(task);
      }
    } finally {
      await Promise.all(tasks);
    }
    if (failure) throw failure.error;
  }

  async function resultOf(batch: BatchFacts, request: BatchRequest): Promise<BatchRequestResult> {
    if (store.canceledAt(batch.id)) return { type: 'canceled' };
    if (Date.now() > Date.parse(batch.expires_at)) return { type: 'expired' };
    try {
      return await pRetry(() => ask(batch, request), { retries: attempts - 1, signal: stop.signal });
    } catch (error) {
      stop.signal.throwIfAborted();
      const { message, cause = { type: 'error', error: { type: 'api_error', message } } } = error as Error;
      return { type: 'errored', error: cause };
    }
  }

  /** @throws for a failure that may pass, with the response's body as its cause */
  async function ask({ headers }: BatchFacts, { params }: BatchRequest): Promise<BatchRequestResult> {
    // A signal for each: a request listens to the one it is given until it is collected.
    const { signal, dispose } = createCallAbort({ signals: [stop.signal] });
    try {
      const response = await handler(
        new Request('http://127.0.0.1/v1/messages', {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ ...params, stream: false }),
          signal,
        }),
      );
      const body: unknown = await response.json();
      if (response.ok) return { type: 'succeeded', message: body };
      if (mayPass(response)) throw new Error(`answered with ${response.status}`, { cause: body });
      return { type: 'errored', error: body };
    } finally {
      dispose();
    }
  }

  return {
    run(batch) {
      if (running.has(batch.id) || stop.signal.aborted) return;
      // What fails here (a full disk, a removed folder) is tried again when the batch is next asked for.
      const ended = runLocked(batch)
        .catch(error => {
          if (!stop.signal.aborted) process.emitWarning(`Message batch ${batch.id} stopped: ${error}`);
        })
        .finally(() => running.delete(batch.id));
      running.set(batch.id, ended);
    },
    async close() {
      stop.abort(new Error('The handler was closed.'));
      await Promise.all(running.values());
    },
  };
}

async function* requestsOf(path: string, done: ReadonlySet<string>): AsyncGenerator<BatchRequest> {
  for await (const line of linesOf(createReadStream(path), Number.POSITIVE_INFINITY)) {
    const request: BatchRequest = JSON.parse(String(line));
    if (!done.has(request.custom_id)) yield request;
  }
}

function mayPass({ status, headers }: Response): boolean {
  const said = headers.get('x-should-retry');
  return said === null ? status === 429 || status >= 500 : said === 'true';
}
