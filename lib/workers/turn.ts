import type { ChunkEvent } from '../chunks.ts';
import type { ResultMessage } from '../cli/messages.ts';
import { type TurnState, toChunks } from '../cli/to-chunks.ts';
import type { UserMessage } from '../options.ts';
import type { Worker } from './worker.ts';

/** Events handed on together, at most: they came in one piece, and each hand-over costs more than an event. */
const batchLength = 256;

/** The line that asks a question. `client_composed`: the text is sent as it is, no `@file` read, no `/command` run. */
export function userLine(content: UserMessage): Record<string, unknown> {
  return {
    type: 'user',
    client_composed: true,
    message: { role: 'user', content },
    parent_tool_use_id: null,
  };
}

/** Reads one turn to its result. Yields the events in the batches they came in. `listen` does the waiting for the CLI. */
export async function* readTurn(
  worker: Worker,
  state: TurnState,
  listen: <T>(wait: Promise<T>) => Promise<T>,
): AsyncGenerator<ChunkEvent[], ResultMessage> {
  for (;;) {
    const batch: ChunkEvent[] = [];
    let message = await listen(worker.next());
    if (message === undefined)
      throw worker.exitError('before its answer was complete', await worker.end('finish'));
    while (message) {
      if (message.type === 'result') {
        if (batch.length > 0) yield batch;
        return message;
      }
      for (const event of toChunks(message, state)) batch.push(event);
      if (batch.length >= batchLength) break;
      try {
        message = worker.poll();
      } catch (error) {
        if (batch.length > 0) yield batch;
        throw error;
      }
    }
    if (batch.length > 0) yield batch;
  }
}
