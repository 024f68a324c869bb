// A tool that runs in this program, in the loop of the SDK's tool runner. The CLI runs no tool.
import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { createPool } from 'claude-cli-stream';
import { createFetch } from 'claude-cli-stream/messages';
import * as z from 'zod';

const pool = createPool({ max: 1 });
const client = new Anthropic({ apiKey: 'unused', fetch: createFetch({ pool }) });

const weather = betaZodTool({
  name: 'get_weather',
  description: 'The weather in a city, now',
  inputSchema: z.object({ city: z.string() }),
  run({ city }) {
    console.log(`get_weather(${city})`);
    return `18 °C and sunny in ${city}`;
  },
});

const message = await client.beta.messages.toolRunner({
  model: 'claude-sonnet-5-5',
  max_tokens: 1000,
  messages: [{ role: 'user', content: 'How is the weather in Oslo?' }],
  tools: [weather],
});
for (const block of message.content) if (block.type === 'text') console.log(block.text);
await pool.close();
