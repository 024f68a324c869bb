// The text as it comes, and at the end what it took.
import { streamResponse } from 'claude-cli-stream';

for await (const event of streamResponse('Write a story about a river, in 80 words.')) {
  if (event.type === 'text') process.stdout.write(event.text);
  if (event.type === 'end') console.log(`\n\n${event.durationMs.toFixed()} ms, $${event.costUsd.toFixed(4)}`);
}
