import { type ErrorBody, errorBody } from './error-response.ts';

export interface Watch {
  /** Aborts the answer from the server's side; its reason is a `CutShort`. */
  cut: AbortSignal;
  /** Runs each read. */
  read<Result>(run: () => Result): Result;
  /** Sees each piece that passes by. */
  onPiece(piece: Uint8Array | undefined): void;
  /** Called once, when no more comes or nobody wants more. */
  onEnd(outcome: 'complete' | 'client-left' | 'cut' | 'failed'): void;
}

/** Why the server itself ends an answer. */
export class CutShort extends Error {
  readonly status: number;

  constructor(status: 503 | 504, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Passes an answer on, piece by piece and only when asked for one. If it must end early, a stream of events ends with an
 * `error` event, as the API's do; any other body breaks off. Its headers can be changed, whoever made them.
 */
export function watchAnswer(response: Response, watch: Watch): Response {
  const { body, status, statusText, headers } = response;
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!body) watch.onEnd('complete');
  return new Response(body && watchBody(body, isStream, watch), { status, statusText, headers });
}

function watchBody(
  body: ReadableStream<Uint8Array>,
  isStream: boolean,
  watch: Watch,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let ended = false;
  let onCut: () => void;
  const end = (outcome: Parameters<Watch['onEnd']>[0]) => {
    ended = true;
    watch.cut.removeEventListener('abort', onCut);
    watch.onEnd(outcome);
  };
  const breakOff = (controller: ReadableStreamDefaultController<Uint8Array>, error: unknown) => {
    if (!isStream) return controller.error(error);
    const piece = errorEvent(toBody(error));
    watch.onPiece(piece);
    controller.enqueue(piece);
    controller.close();
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        onCut = () => {
          if (ended) return;
          breakOff(controller, watch.cut.reason);
          end('cut');
          reader.cancel(watch.cut.reason).catch(() => {});
        };
        if (watch.cut.aborted) onCut();
        else watch.cut.addEventListener('abort', onCut, { once: true });
      },
      async pull(controller) {
        try {
          const { done, value } = await watch.read(() => reader.read());
          if (ended) return;
          watch.onPiece(value);
          if (!done) return controller.enqueue(value);
          end('complete');
          controller.close();
        } catch (error) {
          if (ended) return;
          breakOff(controller, error);
          end('failed');
        }
      },
      async cancel(reason) {
        if (!ended) end('client-left');
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** The empty line first ends whatever event was cut in two. */
function errorEvent(body: ErrorBody): Uint8Array {
  return new TextEncoder().encode(`\n\nevent: error\ndata: ${JSON.stringify(body)}\n\n`);
}

/** Only what the server itself says goes to a client: other errors may tell of paths, keys or prompts. */
function toBody(error: unknown): ErrorBody {
  return error instanceof CutShort ? errorBody(error.status, error.message) : errorBody(500);
}
