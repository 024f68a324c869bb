import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Answer, AnswerRule } from './answer.ts';
import { defaultAnswer } from './default-answer/default-answer.ts';
import { createEnvironment, type OfflineEnvironment } from './environment.ts';
import type { OfflineRequest, OtherRequest } from './request.ts';
import { createRoutes } from './routes.ts';
import { createScript } from './script.ts';

/** Options of `startOfflineApi()`. */
export interface OfflineApiOptions {
  /** Answers what neither `reply()` nor `when()` does. Default: small built-in answers. */
  readonly answer?: Answer;
  /** Milliseconds between two deltas. Default: 0. */
  readonly delay?: number;
  /** Characters per delta; `Infinity` sends each block in one. Default: one word of text per delta. */
  readonly chunkSize?: number;
  /** Port on 127.0.0.1. Default: a free one. */
  readonly port?: number;
}

/** A running stand-in of the Anthropic Messages API on 127.0.0.1. */
export interface OfflineApi extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /**
   * Makes the Claude CLI talk to this API: a dummy key, an empty home directory, and every variable that
   * could name a real login, provider, proxy or model removed (`undefined`).
   */
  readonly env: OfflineEnvironment;
  /** The `POST /v1/messages` requests so far, in order of arrival. */
  readonly requests: readonly OfflineRequest[];
  /** All other requests so far: `HEAD /`, token counts, models, and those refused as malformed. */
  readonly otherRequests: readonly OtherRequest[];
  /** Queues answers. Each is used for one request, first in, first out, before any rule is asked. */
  reply(...answers: Answer[]): void;
  /** Adds a rule, asked before the earlier ones. Returns a function that removes it. */
  when(rule: AnswerRule): () => void;
  /** Forgets the queue, the rules and the logged requests. */
  reset(): void;
  /** Ends every open connection, stops listening and removes the home directory of `env`. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in of the Anthropic Messages API on 127.0.0.1, for tests and demos without a network,
 * an account or a cost. It is not a model: unless you script it, it gives a few small canned answers.
 *
 * ```ts
 * import Anthropic from '@anthropic-ai/sdk';
 *
 * await using api = await startOfflineApi();
 * api.reply({ error: { status: 529 } }, 'Hello!');
 * const client = new Anthropic({ baseURL: api.url, apiKey: 'any' });
 * // ... or start the Claude CLI with { ...process.env, ...api.env }
 * ```
 *
 * @throws the listen error, for example `EADDRINUSE` if `port` is taken
 */
export async function startOfflineApi(options: OfflineApiOptions = {}): Promise<OfflineApi> {
  const { answer, delay = 0, chunkSize, port = 0 } = options;
  const requests: OfflineRequest[] = [];
  const otherRequests: OtherRequest[] = [];
  const script = createScript(...(answer === undefined ? [] : [answer]), defaultAnswer);
  const route = createRoutes({ script, requests, otherRequests, pace: { delay, chunkSize } });

  const server = await listen(route, port);
  const { env, remove } = await createEnvironment(server.url);

  const close = async () => {
    await server.close();
    await remove();
  };
  return {
    url: server.url,
    env,
    requests,
    otherRequests,
    reply: script.reply,
    when: script.when,
    reset: () => {
      script.reset();
      requests.length = 0;
      otherRequests.length = 0;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function listen(
  route: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  // Never close an idle connection: a client that is just about to use it again would see a reset.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => void route(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
