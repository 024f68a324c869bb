import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { startOfflineApi } from '../../lib/testing/index.ts';
import { fake } from '../fixtures/outcome.ts';
import { open, question, rawPost, readAll, readUntil } from '../server/raw.ts';
import { main, runCommand } from './run-command.ts';

/** Starts the command and waits until it says where it listens. */
async function start(args: string[], env: Readonly<Record<string, string | undefined>> = {}) {
  const command = execa(process.execPath, [main, 'serve', '--port', '0', ...args], { env, reject: false });
  let told = '';
  for await (const piece of command.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    told += piece;
    if (told.includes('Try: ')) break;
  }
  command.stderr.resume();
  const port = Number(/http:\/\/[\w.]+:(\d+)/.exec(told)?.[1]);
  return { command, port, told };
}

it('says where it listens, who pays, and a curl line that works, as the one in the README does', async () => {
  const { command, told, port } = await start(['--offline', '--warm', '0']);
  expect(told).toMatch(
    /^Listening on http:\/\/127\.0\.0\.1:\d+ \(Claude CLI [\d.]+, signed in by api_key\)$/m,
  );
  const [, line = ''] = /^Try: (.*)$/m.exec(told) ?? [];
  const [, inReadme = ''] = /^```sh\n(curl (?:.*\\\n)*.*)\n/m.exec(page('README.md')) ?? [];
  for (const curl of [line, inReadme.replace('8787', String(port))]) {
    const { stdout } = await execa('bash', ['-c', curl]);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'message', role: 'assistant' });
  }
  command.kill('SIGTERM');
  const { exitCode, stdout: log } = await command;
  expect(exitCode).toBe(0);
  const [first, second] = log.split('\n').map(line => JSON.parse(line));
  const facts = { msg: 'request', route: '/v1/messages', status: 200 };
  expect(first).toMatchObject({ ...facts, workerOrigin: 'cold' });
  expect(second).toMatchObject({ ...facts, workerOrigin: 'rewound' });
});

describe('leaves no process', () => {
  /** A server in the middle of an answer that never ends by itself. */
  async function busy(args: string[]) {
    const api = await startOfflineApi({ answer: { content: 'a b c', failure: { kind: 'stall' } } });
    const { command, port } = await start(args, { ...api.env, CLAUDE_CLI_STREAM_TOKEN: undefined });
    const socket = await open(port);
    socket.write(rawPost(question.replace('{', '{"stream":true,')));
    await readUntil(socket, text => text.includes('text_delta'));
    return { api, command, rest: readAll(socket), [Symbol.asyncDispose]: () => api.close() };
  }

  it('when it is told to end: running answers end with an error event, and it exits with 0', async () => {
    await using server = await busy(['--grace', '0']);
    server.command.kill('SIGTERM');
    expect(await server.rest).toContain(
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"',
    );
    expect((await server.command).exitCode).toBe(0);
    expect(await server.api.requests[0]?.closed).toBe('aborted');
    expect(withEnvironment(server.api.url)).toEqual([]);
  });

  it('when it is told twice: it does not wait for the grace period', async () => {
    await using server = await busy(['--grace', '600', '--warm', '2']);
    server.command.kill('SIGTERM');
    await readUntil(server.command.stderr, told => told.includes('Again to end at once'));
    server.command.kill('SIGTERM');
    expect((await server.command).exitCode).toBe(128 + 15);
    await expect.poll(() => withEnvironment(server.api.url)).toEqual([]);
  });

  // Elsewhere the CLI ends with its answer.
  it.runIf(process.platform === 'linux')('when it is killed', async () => {
    await using server = await busy(['--warm', '2']);
    server.command.kill('SIGKILL');
    expect(await server.rest).not.toContain('message_stop');
    await expect.poll(() => withEnvironment(server.api.url)).toEqual([]);
    expect(await server.api.requests[0]?.closed).toBe('aborted');
  });
});

it.each([
  [['--host', '0.0.0.0', '--offline'], /unless you set token, tokenFile or CLAUDE_CLI_STREAM_TOKEN/],
  [['--port', 'x'], /It takes a whole number from 0/],
  [['--token-file', '/nonexistent', '--offline'], /readable file with one token per line/],
])('refuses %j in one line, with exit code 2', async (args, problem) => {
  const { stderr, exitCode } = await runCommand(['serve', ...args]);
  expect(stderr).toMatch(problem);
  expect(exitCode).toBe(2);
});

it('ends in order, with 0, also when it is told to before it has said who pays', async () => {
  const port = await freePort();
  const env = { CLAUDE_CODE_EXECUTABLE: fake('silent') };
  const command = execa(process.execPath, [main, 'serve', '--port', String(port)], { env, reject: false });
  const alive = () =>
    fetch(`http://127.0.0.1:${port}/health`)
      .then(({ ok }) => ok)
      .catch(() => false);
  await expect.poll(alive).toBe(true);
  command.kill('SIGTERM');
  const { exitCode, stderr } = await command;
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^Ending: [^\n]*$/);
});

it('says when its port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const port = String(portOf(taken));
  const { stderr, exitCode } = await runCommand(['serve', '--offline', '--port', port]);
  taken.close();
  expect(stderr).toMatch(/EADDRINUSE/);
  expect(exitCode).toBe(1);
});

it('does what the session in docs/server.md says', async () => {
  const [, session = ''] = /```sh session\n(.*?)```/s.exec(page('docs/server.md')) ?? [];
  const port = await freePort();
  const command = session
    .replaceAll('8787', String(port))
    .replace('npx claude-cli-stream serve', `${process.execPath} ${main} serve --port ${port}`);
  const { stdout } = await execa('bash', ['-c', `set -m\n${command}`], { timeout: 50_000 });
  const expected = session.split('\n').filter(line => line.startsWith('# '));
  const pattern = expected.map(line => line.slice(2).split('...').map(literally).join('.*')).join('\\s*');
  expect(stdout).toMatch(new RegExp(`^${pattern}\\s*$`, 's'));
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function page(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Living processes that have a text in their environment: the CLI keeps the address of its API there. */
function withEnvironment(text: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && environmentOf(pid).includes(text));
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
