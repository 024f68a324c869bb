import { UsageError } from './report-failure.ts';

/** What is wrong with a file that was named on the command line, in words. */
export function fileProblem(path: string, error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  return new UsageError(`${path}: ${words.get(code) ?? message}`, { cause: error });
}

const words = new Map([
  ['ENOENT', 'there is no such file or directory'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'a part of its path is no directory'],
  ['EACCES', 'it may not be opened'],
  ['EROFS', 'it cannot be written there'],
]);
