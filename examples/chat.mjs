// A chat: each line is a message, and all of them go to one CLI process. Ctrl-D ends it.
import { createInterface } from 'node:readline';
import { streamResponse } from 'claude-cli-stream';

const lines = createInterface({ input: process.stdin });

process.stdout.write('> ');
for await (const event of streamResponse(lines)) {
  if (event.type === 'text') process.stdout.write(event.text);
  if (event.type === 'end') process.stdout.write('\n> ');
}
