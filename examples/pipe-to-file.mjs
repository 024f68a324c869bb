// An answer through two transforms into a file, with backpressure all the way to the CLI. Usage: pipe-to-file.mjs [file]
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { streamResponse, textOf } from 'claude-cli-stream';

const [file = 'essay.txt.gz'] = process.argv.slice(2);
const answer = textOf(streamResponse('Write an essay about rivers, in 500 words.'));

await pipeline(answer, countWords, createGzip(), createWriteStream(file));

/** @param {AsyncIterable<string>} text */
async function* countWords(text) {
  let whole = '';
  for await (const piece of text) {
    whole += piece;
    yield piece;
  }
  console.log(`${whole.trim().split(/\s+/).length} words to ${file}`);
}
