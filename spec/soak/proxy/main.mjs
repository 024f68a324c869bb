// The proxy under load, abuse and murder, as tables. Usage: npm run soak:proxy -- [load|abuse|kill|leave] [seconds]
import { abuse } from './abuse.mjs';
import { kill } from './kill.mjs';
import { leave } from './leave.mjs';
import { load } from './load.mjs';

const parts = { load, abuse, kill, leave };
const [wanted, seconds = '10'] = process.argv.slice(2);
for (const [name, run] of Object.entries(parts)) {
  if (wanted !== undefined && wanted !== name) continue;
  console.log(`\n${name}`);
  await run(Number(seconds));
}
