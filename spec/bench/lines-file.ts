import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Writes what a CLI prints for an answer of `lines` deltas of `textLength` characters. @returns the file's path */
export async function writeLines(directory: string, lines: number, textLength: number): Promise<string> {
  const path = join(directory, `${lines}x${textLength}.jsonl`);
  await pipeline(Readable.from(printed(lines, textLength)), createWriteStream(path));
  return path;
}

/** One delta as the CLI prints it, without the line's end. */
export function deltaLine(textLength: number): string {
  const text = 'word '.repeat(Math.ceil(textLength / 5)).slice(0, textLength);
  return JSON.stringify({
    type: 'stream_event',
    event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    session_id: '5f1f8d0c-7d5c-4c39-9f4e-3f6b7b1f0a11',
    parent_tool_use_id: null,
    uuid: '0c7c9b0e-3f3c-4a8e-8f55-2a1d2c9b7e66',
  });
}

function* printed(lines: number, textLength: number): Generator<string> {
  const line = `${deltaLine(textLength)}\n`;
  const perPiece = Math.max(1, Math.floor(65_536 / line.length));
  for (let written = 0; written < lines; written += perPiece) {
    yield line.repeat(Math.min(perPiece, lines - written));
  }
  const result = {
    type: 'result',
    subtype: 'success',
    is_error: false,
    num_turns: 1,
    stop_reason: 'end_turn',
  };
  yield `${JSON.stringify(result)}\n`;
}
