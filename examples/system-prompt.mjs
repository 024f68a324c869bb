// A system prompt, and the answer as a whole.
import { getResponse } from 'claude-cli-stream';

const { text } = await getResponse('How is the weather?', {
  systemPrompt: 'You are a pirate. Answer in one sentence.',
});
console.log(text);
