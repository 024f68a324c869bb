import { stripVTControlCharacters } from 'node:util';

/** An answer is data: it must not move the cursor, set the title or ring the bell. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\t', '    ')
    .replaceAll(/(?!\n)\p{Cc}/gu, '');
}
