import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Options, query, startup, type WarmQuery } from '@anthropic-ai/claude-agent-sdk';
import Anthropic from '@anthropic-ai/sdk';
import { resolveOptions, type StreamOptions } from '../../lib/options.ts';
import { streamResponse } from '../../lib/stream-response.ts';
import { answer } from '../../lib/workers/answer.ts';
import { toLaunch, toSharedLaunch } from '../../lib/workers/launch.ts';
import type { WireMessage } from '../../lib/workers/plan.ts';
import { toPlan } from '../../lib/workers/plan.ts';
import { createPool, type Pool } from '../../lib/workers/pool.ts';
import type { Mark, Path } from './ask.ts';
import { ClaudeProcess } from './claude-process.ts';
import { childrenOf } from './processes.ts';
import type { Setting } from './setting.ts';

/** One that every path takes as it is. */
export const model = 'claude-opus-5-5';

/** Everything that asks a question, from the API itself to a worker that holds the conversation. */
export function createPaths(setting: Setting): Path[] {
  const { env } = setting;
  const options: StreamOptions = { model, env: { ...env } };
  return [
    direct(setting),
    naive(options),
    bareCold(options),
    agentQuery(options),
    agentStartup(options),
    handDriven(options),
    oursCold(options),
    oursWarm(options),
    oursRewound(options),
    oursConversation(options),
    oursContinued(options),
  ];
}

function direct({ api }: Setting): Path {
  const client = new Anthropic({ baseURL: api.url, apiKey: 'unused', maxRetries: 0 });
  return {
    name: 'direct, official SDK',
    async ask(prompt, mark) {
      const messages = [{ role: 'user' as const, content: prompt }];
      const stream = await client.messages.create({ model, max_tokens: 1000, messages, stream: true });
      for await (const event of stream) if (event.type === 'content_block_delta') mark.text();
      mark.result();
    },
  };
}

function naive(options: StreamOptions): Path {
  const { file, cwd, env } = toLaunch(resolveOptions(options));
  return {
    name: 'claude -p, text',
    async ask(prompt, mark) {
      const args = ['-p', prompt, '--model', model];
      const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
      const exited = once(child, 'exit');
      child.stdout.on('data', () => mark.text());
      await once(child.stdout, 'end');
      mark.result();
      await exited;
    },
  };
}

function bareCold(options: StreamOptions): Path {
  const launch = toLaunch(resolveOptions(options));
  return {
    name: 'bare CLI, cold',
    async ask(prompt, mark) {
      const claude = new ClaudeProcess(launch);
      const turn = claude.turn(prompt, mark);
      const end = claude.end();
      await turn;
      await end;
    },
  };
}

/** Settings that come as near to ours as they can. */
export function toAgentOptions(options: StreamOptions): Options {
  const { file, cwd, env } = toLaunch(resolveOptions(options));
  return {
    model,
    pathToClaudeCodeExecutable: file,
    cwd,
    env,
    tools: [],
    settingSources: [],
    strictMcpConfig: true,
    systemPrompt: '',
    persistSession: false,
    includePartialMessages: true,
    extraArgs: { 'disable-slash-commands': null },
  };
}

function agentQuery(options: StreamOptions): Path {
  const agentOptions = toAgentOptions(options);
  return {
    name: 'Agent SDK query()',
    ask: (prompt, mark) => readAgent(query({ prompt, options: agentOptions }), mark),
  };
}

function agentStartup(options: StreamOptions): Path {
  const agentOptions = toAgentOptions(options);
  let warm: WarmQuery | undefined;
  return {
    name: 'Agent SDK startup()',
    async prepare() {
      warm = await startup({ options: agentOptions });
      await rest();
    },
    async ask(prompt, mark) {
      if (warm) await readAgent(warm.query(prompt), mark);
    },
  };
}

async function readAgent(messages: ReturnType<typeof query>, mark: Mark): Promise<void> {
  for await (const message of messages) {
    if (message.type === 'stream_event' && message.event.type === 'content_block_delta') mark.text();
    if (message.type === 'result') mark.result();
  }
}

function handDriven(options: StreamOptions): Path {
  let claude: ClaudeProcess | undefined;
  const launch = toLaunch(resolveOptions(options));
  return {
    name: 'process driven by hand',
    async ask(prompt, mark) {
      claude ??= new ClaudeProcess(launch);
      await claude.turn(prompt, mark);
    },
    close: () => claude?.end(),
  };
}

function oursCold(options: StreamOptions): Path {
  return { name: 'ours, cold', ask: (prompt, mark) => readOurs(streamResponse(prompt, options), mark) };
}

function oursWarm(options: StreamOptions): Path {
  let pool: Pool | undefined;
  const resolved = resolveOptions(options);
  return {
    name: 'ours, fresh warm worker',
    async prepare() {
      pool = createPool({ warm: 1 });
      // As after an earlier call of the same kind.
      await pool.warmUp(toSharedLaunch(resolved), toPlan(resolved, true));
      await rest();
    },
    async ask(prompt, mark) {
      if (!pool) return;
      await readOurs(streamResponse(prompt, { ...options, pool }), mark);
      await pool.close();
    },
  };
}

function oursRewound(options: StreamOptions): Path {
  const pool = createPool({ warm: 0 });
  return {
    name: 'ours, rewound',
    prepare: () => settled(pool),
    ask: (prompt, mark) => readOurs(streamResponse(prompt, { ...options, pool }), mark),
    close: () => pool.close(),
  };
}

function oursConversation(options: StreamOptions): Path {
  const prompts: ((prompt: string | undefined) => void)[] = [];
  const said = async function* () {
    for (;;) {
      const prompt = await new Promise<string | undefined>(resolve => prompts.push(resolve));
      if (prompt === undefined) return;
      yield prompt;
    }
  };
  let events: ReturnType<typeof streamResponse> | undefined;
  return {
    name: 'ours, conversation',
    async ask(prompt, mark) {
      events ??= streamResponse(said(), options);
      let next = events.next();
      while (prompts.length === 0) await sleep(0);
      prompts.shift()?.(prompt);
      for (;;) {
        const { value, done } = await next;
        if (done || value.type === 'end') break;
        if (value.type === 'text') mark.text();
        next = events.next();
      }
      mark.result();
    },
    async close() {
      const next = events?.next();
      while (events && prompts.length === 0) await sleep(0);
      prompts.shift()?.(undefined);
      await next;
    },
  };
}

function oursContinued({ env = {} }: StreamOptions): Path {
  const pool = createPool({ warm: 0 });
  const messages: WireMessage[] = [];
  return {
    name: 'ours, continued (Messages API)',
    prepare: () => settled(pool),
    async ask(prompt, mark) {
      messages.push({ role: 'user', content: prompt });
      let text = '';
      for await (const event of answer({ model, max_tokens: 1000, messages: [...messages] }, { env, pool })) {
        if (event.type === 'content_block_delta') mark.text();
        text += event.delta?.text ?? '';
      }
      mark.result();
      messages.push({ role: 'assistant', content: [{ type: 'text', text }] });
    },
    close: () => pool.close(),
  };
}

async function readOurs(events: ReturnType<typeof streamResponse>, mark: Mark): Promise<void> {
  for await (const event of events) {
    if (event.type === 'text') mark.text();
    if (event.type === 'end') mark.result();
  }
}

/** Waits until the workers are in order again. */
async function settled(pool: Pool): Promise<void> {
  while (pool.stats.busy > 0) await sleep(2);
}

/** Until about two seconds after its start the CLI has work of its own, which a question may meet or not. */
async function rest(): Promise<void> {
  await sleep(3_000);
  await quiet();
}

/** Waits until no process of ours has anything to do. */
async function quiet(): Promise<void> {
  const busy = () => childrenOf(process.pid).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  for (let before = -1, now = busy(); now !== before; before = now, now = busy()) await sleep(150);
}
