// Runs an example against the offline API, without an account: node examples/offline.mjs for-await
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { failures, startOfflineApi } from 'claude-cli-stream/testing';

const [name = 'for-await', ...rest] = process.argv.slice(2);
const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));

const api = await startOfflineApi();
// Two examples need more than the built-in answers: a call of a tool, and a failure.
if (name === 'tools') api.reply([{ type: 'tool_use', name: 'get_weather', input: { city: 'Oslo' } }]);
if (name === 'retry') api.reply(failures.overloaded);

const env = { ...process.env, ...api.env };
const child = spawn(process.execPath, [file, ...rest], { env, stdio: 'inherit' });
process.on('SIGINT', name => child.kill(name)).on('SIGTERM', name => child.kill(name));
child.once('exit', async exitCode => {
  process.exitCode = exitCode ?? 1;
  await api.close();
});
