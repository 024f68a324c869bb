import { type Handler, type RunningServer, type ServeOptions, serve } from '../../lib/server/index.ts';
import { type OfflineApi, startOfflineApi } from '../../lib/testing/index.ts';

/** A handler that forwards to the offline API: the Messages API without a CLI, for specs about the server itself. */
export function forwardTo(api: OfflineApi): Handler {
  return async ({ url, method, headers, body, signal }) => {
    const { pathname, search } = new URL(url);
    const init = { method, headers, body, signal, duplex: 'half' as const };
    const response = await fetch(`${api.url}${pathname}${search}`, init);
    const kept = [...response.headers].filter(
      ([name]) => !/^(connection|keep-alive|transfer-encoding)$/.test(name),
    );
    return new Response(response.body, { status: response.status, headers: kept });
  };
}

export interface TestServer extends RunningServer {
  api: OfflineApi;
  port: number;
}

export const signedIn = async () => ({ signedIn: true, method: 'api_key' });

/** A server on a free port in front of the offline API. */
export async function startServer(options: Partial<ServeOptions> = {}): Promise<TestServer> {
  const api = await startOfflineApi();
  const server = await serve({ port: 0, handler: forwardTo(api), checkSignIn: signedIn, ...options }).catch(
    async error => {
      await api.close();
      throw error;
    },
  );
  const close = async (how?: { grace?: number }) => {
    await server.close(how);
    await api.close();
  };
  const port = Number(new URL(server.url).port);
  return { url: server.url, api, port, close, [Symbol.asyncDispose]: () => close({ grace: 0 }) };
}
