import type { ErrorAnswer } from './answer.ts';
import type { MessagesBody } from './request.ts';

type Checked =
  | { readonly success: true; readonly body: MessagesBody }
  | { readonly success: false; readonly error: ErrorAnswer['error'] };

/** Checks as much of a Messages body as the offline API relies on, with the API's own messages. */
export function readMessagesBody(text: string | undefined, required: readonly string[]): Checked {
  if (text === undefined) return { success: false, error: { status: 413 } };
  const body = parse(text);
  if (!isRecord(body)) return refuse('The request body is not valid JSON');
  for (const field of required) if (body[field] === undefined) return refuse(`${field}: Field required`);
  if (!isMessagesBody(body)) return refuse('messages: Input should be a valid list of messages');
  return { success: true, body };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(message: string): Checked {
  return { success: false, error: { status: 400, message } };
}

function isMessagesBody(body: Record<string, unknown>): body is MessagesBody {
  return typeof body.model === 'string' && Array.isArray(body.messages) && body.messages.every(isMessage);
}

function isMessage(message: unknown): boolean {
  return isRecord(message) && (typeof message.content === 'string' || Array.isArray(message.content));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
