import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Answer, type OfflineApiOptions, startOfflineApi } from '../../lib/testing/index.ts';
import { fake } from '../fixtures/outcome.ts';
import { hasTmux, openTerminal, type TerminalOptions } from './tmux.ts';

const answer = `# Rivers

Some **bold** words about a river that is rather long.

| name | 数量 |
|------|-----:|
| 🍎   |   12 |
`;

const water = { type: 'text', text: 'Water.' };

interface Session extends OfflineApiOptions {
  /** Answers to the first requests, before `answer`. */
  replies?: Answer[];
}

/** Asks the real CLI in a terminal of its own; both end with the test. */
async function ask({ replies = [], ...options }: Session) {
  const api = await startOfflineApi(options);
  api.reply(...replies);
  const terminal = await openTerminal(['ask', 'What is a river?'], { env: api.env });
  return Object.assign(terminal, {
    async [Symbol.asyncDispose]() {
      await terminal.close();
      await api.close();
    },
  });
}

/** A fake CLI answers with the prompt: all that matters is how it looks. `word7` comes once 8 words are let through. */
async function show(
  text: string,
  { words = Infinity, env, ...size }: TerminalOptions & { words?: number } = {},
) {
  const gate = join(await mkdtemp(join(tmpdir(), 'gate-')), 'gate');
  const letThrough = (words: number) => writeFile(gate, String(words));
  await letThrough(words);
  const terminal = await openTerminal(['ask', '--', text], {
    ...size,
    env: { CLAUDE_CODE_EXECUTABLE: fake('echo-cli'), ANTHROPIC_ECHO_GATE: gate, ...env },
  });
  return Object.assign(terminal, {
    letThrough,
    async [Symbol.asyncDispose]() {
      await terminal.close();
      await rm(dirname(gate), { recursive: true });
    },
  });
}

/** Deltas that are sent when the test says so, and not before it has seen what it waits for. */
function byHand(): PassThrough {
  return new PassThrough({ objectMode: true });
}

describe.skipIf(!hasTmux)('ask in a terminal (needs tmux)', () => {
  it('shows Markdown and a footer', async () => {
    await using terminal = await ask({ answer });
    expect(await terminal.waitFor(/exit code 0/)).toMatch(
      /^Rivers\n\nSome bold words .* long\.\n\nname │ 数量\n─+┼─+\n🍎 +│ +12\n\nclaude-\S+ · .* in, .* out · \$.* s\nexit code 0$/,
    );
    expect(await terminal.text({ colors: true })).toContain('\x1b[1mbold');
  });

  it('fits on 40 columns', async () => {
    await using terminal = await show(answer, { columns: 40 });
    const text = await terminal.waitFor(/exit code 0/);
    expect(text).toContain('Some bold words about a river that is\nrather long.');
  });

  it('keeps what is longer than the screen in the scrollback, once', async () => {
    const items = Array.from({ length: 60 }, (_, index) => `- item ${index + 1}.`);
    await using terminal = await show(items.join('\n'), { rows: 10, env: { ANTHROPIC_ECHO_PACE: '1' } });
    const text = await terminal.waitFor(/exit code 0/);
    const shown = text.split('\n').filter(line => line.startsWith('• '));
    expect(shown).toEqual(items.map(item => item.replace('-', '•')));
  });

  it('shows the thinking while it lasts, and folds it away', async () => {
    const thinking = byHand();
    await using terminal = await ask({ answer: [{ type: 'thinking', thinking }, water] });
    thinking.write('What could a river be, I wonder. '.repeat(20));
    await terminal.waitFor(/What could a river be(.|\n)*\d\.\d s/);
    thinking.end();
    const text = await terminal.waitFor(/exit code 0/);
    expect(text).toMatch(/^thought for \d+\.?\d* s\n\nWater\.\n\nclaude-/);
    expect(text).not.toContain('wonder');
  });

  it('unfolds the thinking on Ctrl-O, and folds it again', async () => {
    const thinking = byHand();
    await using terminal = await ask({ answer: [{ type: 'thinking', thinking }, water] });
    thinking.write(`First, ${'what could a river be? '.repeat(30)}`);
    await terminal.waitFor(/^(?!First)(.|\n)* · Ctrl-O shows all of it$/);
    await terminal.type('C-o');
    await terminal.waitFor(/^First, what(.|\n)* s$/);
    await terminal.type('C-o');
    await terminal.waitFor(/^(?!First)(.|\n)* · Ctrl-O shows all of it$/);
    await terminal.type('C-o');
    await terminal.waitFor(/^First, what(.|\n)* s$/);
    thinking.end();
    expect(await terminal.waitFor(/exit code 0/)).toMatch(/^First, (.|\n)* be\?\n\nWater\.\n\nclaude-/);
  });

  it('is not disturbed by what is typed meanwhile', async () => {
    await using terminal = await show(numbered(40), { columns: 40, words: 20 });
    await terminal.waitFor(/word19/);
    await terminal.type('typed', 'Enter', 'Enter');
    await terminal.letThrough(40);
    const shown = await terminal.waitFor(/exit code 0/);
    expect(shown.replaceAll(/\s+/g, ' ')).toMatch(new RegExp(`^${numbered(40)} echo · `));
  });

  it('stays correct when the window changes its size', async () => {
    await using terminal = await show(numbered(60), { words: 11 });
    await terminal.waitFor(/word10/);
    await terminal.resize(40, 24);
    await terminal.letThrough(40);
    await terminal.waitFor(/word39/);
    await terminal.resize(60, 24);
    await terminal.letThrough(60);
    const shown = await terminal.waitFor(/exit code 0/);
    // Where a line breaks depends on when the window changed, even within a word.
    expect(shown.replaceAll(/\s+/g, '')).toContain(`${numbered(60)} echo · `.replaceAll(' ', ''));
    // tmux moves a line out of reach when the window gets narrower; no more than that is there twice.
    expect(shown.match(/\bword12\b/g)).toHaveLength(1);
  });

  it('says when a request is repeated', async () => {
    await using terminal = await ask({ replies: [{ error: { status: 529 } }, 'At last.'] });
    const text = await terminal.waitFor(/exit code 0/);
    expect(text).toMatch(/^the API answered 529: attempt 2 of \d+ in .* s\n\nAt last\.\n\nclaude-/);
  });

  it('stops on Ctrl-C and keeps what came', async () => {
    await using terminal = await ask({
      answer: { content: 'One two three four', failure: { kind: 'stall', after: 3 } },
    });
    await terminal.waitFor(/One two three/);
    await terminal.type('C-c');
    expect(await terminal.waitFor(/exit code/)).toBe('One two three\n\nstopped\nexit code 130');
  });

  it('says that an answer broke off, and why', async () => {
    await using terminal = await ask({
      answer: { content: 'One two three', failure: { kind: 'error-event', after: 2 } },
    });
    expect(await terminal.waitFor(/exit code 1/)).toMatch(
      /^One two\n\nbroke off\nclaude-cli-stream: .*Overloaded.*\nexit code 1$/,
    );
  });

  it('prints text and nothing else where lines cannot be redrawn', async () => {
    await using terminal = await show('Some **bold** words.', { env: { TERM: 'dumb' } });
    expect(await terminal.waitFor(/exit code/)).toBe('Some **bold** words.\nexit code 0');
  });
});

function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `word${index}`).join(' ');
}
