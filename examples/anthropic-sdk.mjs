// The official Anthropic SDK, answered by the CLI: nothing but its `fetch` is replaced.
import Anthropic from '@anthropic-ai/sdk';
import { createPool } from 'claude-cli-stream';
import { createFetch } from 'claude-cli-stream/messages';

const pool = createPool({ max: 1 });
const client = new Anthropic({ apiKey: 'unused', fetch: createFetch({ pool }) });

/** @type {Anthropic.MessageParam[]} */
const messages = [{ role: 'user', content: 'My name is Ada.' }];
const stream = client.messages.stream({ model: 'claude-sonnet-5-5', max_tokens: 1000, messages });
for await (const event of stream) {
  if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
    process.stdout.write(event.delta.text);
}

// The history is sent again, as always; the worker that holds it already goes on from there.
const { role, content } = await stream.finalMessage();
messages.push({ role, content }, { role: 'user', content: "What's my name?" });
const answer = await client.messages.create({ model: 'claude-sonnet-5-5', max_tokens: 1000, messages });
for (const block of answer.content) if (block.type === 'text') console.log(`\n${block.text}`);

console.log(`${pool.stats.served.continued} of 2 answers by a worker that knew the conversation`);
await pool.close();
