// A process per call costs about half a second of CPU at its start. A pool starts it once and reuses it, rewound.
import { createPool, getResponse } from 'claude-cli-stream';

const pool = createPool({ max: 1 });
for (const prompt of ['My name is Ada.', "What's my name?", 'What is 2+2?']) {
  const { text, firstTextMs } = await getResponse(prompt, { pool });
  console.log(`${text} (${firstTextMs?.toFixed()} ms)`);
}

const { cold, warm, rewound } = pool.stats.served;
console.log(`${cold} answered by a new process, ${warm + rewound} by one that was ready`);
await pool.close();
