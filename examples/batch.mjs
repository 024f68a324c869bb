// Many prompts, a few at a time; a failure is a result, too. For files: npx claude-cli-stream batch --help
import { createPool } from 'claude-cli-stream';
import { batch } from 'claude-cli-stream/batch';

const pool = createPool({ warm: 1, max: 2 });
const items = ['1+1=', '2+2=', '3+3=', '4+4='].map(prompt => ({ id: prompt, prompt }));

for await (const result of batch(items, {
  concurrency: 2,
  order: 'input',
  retry: { attempts: 3 },
  options: { pool },
  onProgress: ({ done, total, costUsd }) => console.error(`${done}/${total} $${costUsd.toFixed(4)}`),
})) {
  console.log(result.id, result.ok ? result.summary.text : result.error.code);
}
await pool.close();
