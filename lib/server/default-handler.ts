import { type CheckCliOptions, checkCli } from '../cli/status.ts';
import { createLimiter, type Limiter } from '../limiter.ts';
import { createHandler } from '../messages/handler.ts';
import type { HandlerOptions } from '../messages/options.ts';
import { resolveOptions } from '../options.ts';
import { toMessagesLaunch } from '../workers/launch.ts';
import type { Handler } from './node-handler.ts';
import type { CheckSignIn } from './sign-in.ts';

export interface AnswerOptions extends Omit<HandlerOptions, 'timeout' | 'maxBodyLength'> {
  /** Answers the Messages API. Default: `createHandler()`, with what of these options is not the server's own. */
  handler?: Handler;
  /** Who shares the slots. Default: one limiter for this server, in which 100 calls may wait. */
  limiter?: Limiter;
  /** How to find out how the CLI is signed in. Default: `checkCli()`. */
  checkSignIn?: CheckSignIn;
  /** Serves the Message Batches API too, from this directory. Default: batches are not served. */
  batches?: { directory: string };
}

/** Who answers, and what the server must know of it. */
export interface Answering {
  handler: Handler;
  limiter: Limiter;
  checkSignIn: CheckSignIn;
  /** Starts the pool's workers, so that the first request finds one. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** @throws {InvalidOptionError} */
export async function resolveHandler(options: AnswerOptions, maxBodyLength: number): Promise<Answering> {
  const { handler: given, limiter = createLimiter({ maxWaiting }), checkSignIn, batches, ...cli } = options;
  const { transport: _, ...stream } = cli;
  const resolved = resolveOptions(stream);
  const handler = given ?? createHandler({ ...cli, limiter, maxBodyLength });
  const withBatches = batches && (await addBatches(handler, batches.directory, maxBodyLength));
  return {
    handler: withBatches ?? handler,
    limiter,
    checkSignIn: checkSignIn ?? (() => checkCli(toCheck(cli))),
    async warmUp() {
      if (!given) await cli.pool?.warmUp(toMessagesLaunch(resolved, []));
    },
    async close() {
      await withBatches?.close();
      // Who left is gone from the calls at once; the process that worked for him a little later.
      if (!options.limiter) await limiter.onIdle();
    },
  };
}

/** Calls that wait for a slot before the next one is told to come back later. */
const maxWaiting = 100;

async function addBatches(handler: Handler, directory: string, maxBodyLength: number) {
  const { createBatchesHandler } = await import('../batch/batches-handler.ts');
  return createBatchesHandler(async request => handler(request), { directory, maxBodyLength });
}

function toCheck({ env, pathToClaudeCodeExecutable: path }: HandlerOptions): CheckCliOptions {
  return { ...(env && { env }), ...(path !== undefined && { pathToClaudeCodeExecutable: path }) };
}
