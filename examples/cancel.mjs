// Three ways to stop an answer. Each ends the process, and nothing more is paid for.
import { getResponse, streamResponse, TimeoutError } from 'claude-cli-stream';

const prompt = 'Write an essay about rivers, in 5000 words.';

let length = 0;
for await (const event of streamResponse(prompt)) {
  if (event.type === 'text') length += event.text.length;
  if (length > 100) break;
}
console.log('enough read');

const controller = new AbortController();
const answer = getResponse(prompt, { signal: controller.signal });
controller.abort(new Error('not needed any more'));
await answer.catch(error => console.log(error.message));

await getResponse(prompt, { timeout: 50 }).catch(error => {
  if (error instanceof TimeoutError) console.log(`no answer after ${error.after} ms`);
});
