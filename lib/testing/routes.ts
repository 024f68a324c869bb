import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Connection, watchConnection } from './connection.ts';
import { listModels, retrieveModel } from './models.ts';
import { readBody } from './read-body.ts';
import { readMessagesBody } from './read-messages-body.ts';
import type { OfflineRequest, OtherRequest } from './request.ts';
import { type DefaultPace, respond, sendError } from './respond.ts';
import type { Script } from './script.ts';
import { countInput } from './tokens.ts';

/** What the routes share: where answers come from, and where requests are logged. */
interface Desk {
  readonly script: Script;
  readonly requests: OfflineRequest[];
  readonly otherRequests: OtherRequest[];
  readonly pace: DefaultPace;
}

/** The listener of the HTTP server. It never rejects. */
export function createRoutes(
  desk: Desk,
): (incoming: IncomingMessage, response: ServerResponse) => Promise<void> {
  // A mistake in a script does not go away when the client tries again.
  const headers = { 'x-should-retry': 'false' };
  let count = 0;

  return async (incoming, response) => {
    count += 1;
    const id = `req_offline_${count}`;
    response.setHeader('request-id', id);
    const connection = watchConnection(response);
    try {
      await route(desk, id, connection, incoming, await readBody(incoming));
    } catch (error) {
      // The client is gone, or a function that should have answered threw: say so, where a test sees it.
      if (incoming.readableAborted || connection.signal.aborted) return;
      if (response.headersSent) response.destroy();
      else sendError(response, { status: 500, message: `The offline API failed: ${error}`, headers }, id);
    }
  };
}

async function route(
  desk: Desk,
  id: string,
  connection: Connection,
  incoming: IncomingMessage,
  body: string | undefined,
): Promise<void> {
  const { method = 'GET', url: path = '/', headers } = incoming;
  const { pathname } = new URL(path, 'http://127.0.0.1');
  const at = performance.now();
  const messages = `${method} ${pathname}` === 'POST /v1/messages';
  const checked = messages ? readMessagesBody(body, ['model', 'max_tokens', 'messages']) : undefined;

  if (checked?.success) {
    const request = logged(connection, {
      index: desk.requests.length,
      id,
      path,
      headers,
      at,
      body: checked.body,
    });
    desk.requests.push(request);
    return respond(request, connection, await desk.script.answer(request), desk.pace);
  }
  desk.otherRequests.push({ method, path, headers, body: body ?? '', at });
  if (checked) return sendError(connection.response, checked.error, id);
  return respondToOther(connection.response, `${method} ${pathname}`, body, id);
}

function logged(
  connection: Connection,
  facts: Omit<OfflineRequest, 'signal' | 'closed' | 'abortedAt' | 'reset'>,
): OfflineRequest {
  return {
    ...facts,
    signal: connection.signal,
    closed: connection.closed,
    get abortedAt() {
      return connection.abortedAt;
    },
    reset: () => {
      connection.response.socket?.resetAndDestroy();
    },
  };
}

function respondToOther(response: ServerResponse, route: string, body: string | undefined, id: string): void {
  if (route === 'HEAD /' || route === 'HEAD /api/hello') {
    response.end();
  } else if (route === 'POST /v1/messages/count_tokens') {
    const checked = readMessagesBody(body, ['model', 'messages']);
    if (checked.success) sendJson(response, { input_tokens: countInput(checked.body) });
    else sendError(response, checked.error, id);
  } else if (route === 'GET /v1/models') {
    sendJson(response, listModels());
  } else if (route.startsWith('GET /v1/models/')) {
    const model = decodeURIComponent(route.slice('GET /v1/models/'.length));
    const found = retrieveModel(model);
    if (found) sendJson(response, found);
    else sendError(response, { status: 404, message: `model: ${model}` }, id);
  } else {
    sendError(response, { status: 404 }, id);
  }
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
}
