// Several turns on one CLI process: an async iterable of user messages. The next one may depend on the last answer.
import { streamResponse } from 'claude-cli-stream';

let answer = '';

async function* questions() {
  yield 'My name is Ada.';
  yield answer.includes('Ada') ? "What's my name?" : 'Did you get my name?';
}

for await (const event of streamResponse(questions())) {
  if (event.type !== 'end') continue;
  answer = event.text;
  console.log(answer);
}
