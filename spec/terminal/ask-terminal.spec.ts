import { afterEach, describe, expect, it } from 'vitest';
import { type OfflineApi, type OfflineApiOptions, startOfflineApi } from '../../lib/testing/index.ts';
import { hasTmux, Terminal } from './tmux.ts';

const answer = `# Rivers

Some **bold** words about a river that is rather long.

| name | 数量 |
|------|-----:|
| 🍎   |   12 |
`;

describe.skipIf(!hasTmux)('ask in a terminal (needs tmux)', () => {
  let api: OfflineApi;
  let terminal: Terminal;
  afterEach(async () => {
    terminal.close();
    await api.close();
  });

  async function ask(
    options: OfflineApiOptions,
    size: { columns?: number; rows?: number; TERM?: string } = {},
  ) {
    api = await startOfflineApi(options);
    const { TERM = 'tmux-256color', ...rest } = size;
    terminal = new Terminal(['ask', 'What is a river?'], {
      ...rest,
      env: { ...api.env, TERM, NO_COLOR: '' },
    });
  }

  it('shows Markdown and a footer', async () => {
    await ask({ answer });
    expect(await terminal.waitFor(/exit code 0/)).toMatch(
      /^Rivers\n\nSome bold words .* long\.\n\nname │ 数量\n─+┼─+\n🍎 +│ +12\n\nclaude-\S+ · .* in, .* out · \$.* s\nexit code 0$/,
    );
    expect(terminal.text({ colors: true })).toContain('\x1b[1mbold');
  });

  it('fits on 40 columns', async () => {
    await ask({ answer }, { columns: 40 });
    const text = await terminal.waitFor(/exit code 0/);
    expect(text).toContain('Some bold words about a river that is\nrather long.');
  });

  it('keeps what is longer than the screen in the scrollback, once', async () => {
    const items = Array.from({ length: 60 }, (_, index) => `- item ${index + 1}`);
    await ask({ answer: { content: items.join('\n'), delay: 5 } }, { rows: 10 });
    const text = await terminal.waitFor(/exit code 0/);
    const shown = text.split('\n').filter(line => line.startsWith('• '));
    expect(shown).toEqual(items.map(item => item.replace('-', '•')));
  });

  it('shows the thinking while it lasts, and folds it away', async () => {
    const thinking = { type: 'thinking', thinking: 'What could a river be, I wonder. '.repeat(20) };
    await ask({ delay: 15, answer: [thinking, { type: 'text', text: 'Water.' }] });
    await terminal.waitFor(/What could a river be(.|\n)*\d\.\d s$/);
    const text = await terminal.waitFor(/exit code 0/);
    expect(text).toMatch(/^thought for \d+\.\d s\n\nWater\.\n\nclaude-/);
    expect(text).not.toContain('wonder');
  });

  it('stays correct when the window changes its size', async () => {
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
    await ask({ delay: 20, answer: words }, { columns: 80 });
    await terminal.waitFor(/word10 /);
    terminal.resize(40, 24);
    await terminal.waitFor(/word30 /);
    terminal.resize(60, 24);
    const text = await terminal.waitFor(/exit code 0/);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(`${words} claude-`);
    // tmux moves a line out of reach when the window gets narrower; no more than that is there twice.
    expect(text.match(/\bword12\b/g)).toHaveLength(1);
  });

  it('says when a request is repeated', async () => {
    await ask({});
    api.reply({ error: { status: 529 } }, 'At last.');
    const text = await terminal.waitFor(/exit code 0/, 15_000);
    expect(text).toMatch(/^the API answered 529: attempt 2 of \d+ in .* s\n\nAt last\.\n\nclaude-/);
  });

  it('stops on Ctrl-C and keeps what came', async () => {
    await ask({ answer: { content: 'One two three four', failure: { kind: 'stall', after: 3 } } });
    await terminal.waitFor(/One two three/);
    terminal.type('C-c');
    expect(await terminal.waitFor(/exit code/)).toBe('One two three\n\nstopped\nexit code 130');
  });

  it('prints text and nothing else where lines cannot be redrawn', async () => {
    await ask({ answer: 'Some **bold** words.' }, { TERM: 'dumb' });
    expect(await terminal.waitFor(/exit code/)).toBe('Some **bold** words.\nexit code 0');
  });
});
