// A call that is tried again when its failure may pass, and an error that says what happened when it does not.
import { ClaudeCliError, streamResponse } from 'claude-cli-stream';

const retry = { attempts: 3, minDelay: 200 };
try {
  for await (const event of streamResponse('What is 2+2?', { retry, timeout: 60_000 })) {
    if (event.type === 'retry') console.log(`attempt ${event.attempt} failed: ${event.error}`);
    if (event.type === 'end') console.log(event.text);
  }
} catch (error) {
  if (!(error instanceof ClaudeCliError)) throw error;
  console.error(error.code, error.retryable, error.message);
  process.exitCode = 1;
}
