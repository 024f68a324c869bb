// The OpenAI SDK, answered by the Claude CLI through the proxy's chat completions.
import { createPool } from 'claude-cli-stream';
import { serve } from 'claude-cli-stream/server';
import OpenAI from 'openai';

const pool = createPool({ max: 1 });
const server = await serve({ port: 0, pool });

const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'unused' });
const stream = await client.chat.completions.create({
  model: 'sonnet',
  messages: [
    { role: 'system', content: 'You are a pirate.' },
    { role: 'user', content: 'What is 2+2?' },
  ],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
console.log();

await server.close();
await pool.close();
