// One local endpoint for every program. Here the SDK asks it; with ANTHROPIC_BASE_URL any other client does.
// In a terminal: npx claude-cli-stream serve
import Anthropic from '@anthropic-ai/sdk';
import { createPool } from 'claude-cli-stream';
import { serve } from 'claude-cli-stream/server';

const pool = createPool({ max: 1 });
const server = await serve({ port: 0, pool });

const client = new Anthropic({ baseURL: server.url, apiKey: 'unused' });
const stream = client.messages.stream({
  model: 'claude-sonnet-5-5',
  max_tokens: 1000,
  messages: [{ role: 'user', content: 'What is 2+2?' }],
});
console.log(await stream.finalText());

await server.close();
await pool.close();
