// The AI SDK by its Anthropic provider, answered by the CLI.
import { createAnthropic } from '@ai-sdk/anthropic';
import { streamText } from 'ai';
import { createPool } from 'claude-cli-stream';
import { createFetch } from 'claude-cli-stream/messages';

const pool = createPool({ max: 1 });
// The AI SDK wants the /v1 in its base URL, also in ANTHROPIC_BASE_URL. The host is not looked at.
const baseURL = 'https://api.anthropic.com/v1';
const anthropic = createAnthropic({ baseURL, apiKey: 'unused', fetch: createFetch({ pool }) });

const { textStream } = streamText({ model: anthropic('claude-sonnet-5-5'), prompt: 'What is 2+2?' });
for await (const text of textStream) process.stdout.write(text);
console.log();
await pool.close();
