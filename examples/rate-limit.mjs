// At most one call in any second, however many are asked for.
import { createLimiter, getResponse } from 'claude-cli-stream';

const limiter = createLimiter({ intervalCap: 1, interval: 1000 });
const startedAt = performance.now();

const prompts = ['1+1=', '2+2='];
await Promise.all(
  prompts.map(async prompt => {
    const { text } = await getResponse(prompt, { limiter });
    console.log(`${prompt} ${text}`);
  }),
);
console.log(performance.now() - startedAt > 1000 ? 'the second one waited' : 'nobody waited');
