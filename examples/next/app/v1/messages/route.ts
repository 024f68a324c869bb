// The Messages API as a route of Next.js, for its Node runtime: the CLI is a process.
import { createHandler } from 'claude-cli-stream/messages';

export const runtime = 'nodejs';

export const POST = createHandler();
