import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './report-failure.ts';

/** The id of the session that the CLI stores for a chat; undefined for a new one. */
export async function loadChat(name: string): Promise<string | undefined> {
  try {
    const { sessionId } = JSON.parse(await readFile(pathOf(name), 'utf8'));
    return sessionId;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The conversation itself is the CLI's to store; here is only which one it is. */
export async function saveChat(name: string, sessionId: string): Promise<void> {
  const path = pathOf(name);
  await mkdir(stateDirectory(), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, JSON.stringify({ sessionId }), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function pathOf(name: string): string {
  if (!/^[\w][\w.-]{0,63}$/.test(name))
    throw new UsageError('the name of a chat is up to 64 letters, digits, dots, dashes or underscores');
  return join(stateDirectory(), `${name}.json`);
}

function stateDirectory(): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = process.env;
  const base = XDG_STATE_HOME || LOCALAPPDATA || join(homedir(), '.local', 'state');
  return join(base, 'claude-cli-stream', 'chats');
}
