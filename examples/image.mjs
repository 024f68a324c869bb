// A picture and a question about it, as content blocks of the Messages API. Usage: image.mjs [file.png]
import { readFile } from 'node:fs/promises';
import { getResponse } from 'claude-cli-stream';

const [file = new URL('river.png', import.meta.url)] = process.argv.slice(2);
const data = await readFile(file, 'base64');

const { text } = await getResponse([
  { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
  { type: 'text', text: 'What does this picture show?' },
]);
console.log(text);
