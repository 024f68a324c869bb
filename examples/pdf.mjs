// A PDF and a question about it, as content blocks of the Messages API. Usage: pdf.mjs [file.pdf]
import { readFile } from 'node:fs/promises';
import { getResponse } from 'claude-cli-stream';

const [file = new URL('river.pdf', import.meta.url)] = process.argv.slice(2);
const data = await readFile(file, 'base64');

const { text } = await getResponse([
  { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } },
  { type: 'text', text: 'Summarise this in one sentence.' },
]);
console.log(text);
