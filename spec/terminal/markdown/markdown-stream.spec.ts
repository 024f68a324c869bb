import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import picocolors from 'picocolors';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { MarkdownStream } from '../../../lib/terminal/markdown/markdown-stream.ts';

const plain = (columns: number) => ({ columns, colors: picocolors.createColors(false) });
const colored = (columns: number) => ({ columns, colors: picocolors.createColors(true) });

function render(text: string, style = plain(40)): string {
  const markdown = new MarkdownStream();
  markdown.write(text);
  return markdown.flush(style).join('\n');
}

/** As it looks after each piece: what is final is collected, what is live is replaced. */
function renderInPieces(pieces: readonly string[], style = plain(40)): string {
  const markdown = new MarkdownStream();
  const final: string[] = [];
  for (const piece of pieces) {
    markdown.write(piece);
    final.push(...markdown.lines(style).final);
  }
  return [...final, ...markdown.flush(style)].join('\n');
}

const sample = [
  '# Rivers',
  'A paragraph with **bold**, *italic*, `code` and [a link](https://example.com/).',
  '- one\n- two with more text than fits on one line of a narrow terminal\n  - nested\n- [x] done',
  '1. first\n\n   more of it\n2. second',
  '> quoted text that goes on for longer than a narrow line is wide',
  '```ts\nconst answer = 42;\n\nconsole.log(answer);\n```',
  '| name | count |\n|:--|--:|\n| 🍎 apples | 12 |\n| 梨 | 3 |',
  '---',
  'The end.',
].join('\n\n');

it('draws every kind of block', () => {
  expect(render(sample)).toBe(`# Rivers

A paragraph with bold, italic, \`code\`
and a link (https://example.com/).

• one
• two with more text than fits on one
  line of a narrow terminal
  • nested
• ☑ done

1. first

   more of it

2. second

│ quoted text that goes on for longer
│ than a narrow line is wide

\`\`\`ts
const answer = 42;

console.log(answer);
\`\`\`

name      │ count
──────────┼──────
🍎 apples │    12
梨        │     3

${'─'.repeat(40)}

The end.`);
});

it('looks the same in the end, whatever pieces it came in', () => {
  const whole = render(sample);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: sample.length }), { maxLength: 40 }), cuts => {
      const at = [0, ...cuts.sort((a, b) => a - b), sample.length];
      const pieces = at.slice(1).map((end, index) => sample.slice(at[index], end));
      expect(renderInPieces(pieces)).toBe(whole);
    }),
    { numRuns: 50 },
  );
});

it('never draws a line that is wider than the terminal, nor a character that moves its cursor', () => {
  const entity = fc.integer({ min: 0, max: 160 }).map(code => `&#${code};`);
  const text = fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), entity), { maxLength: 6 });
  fc.assert(
    fc.property(text, fc.constantFrom(12, 40, 80), (written, columns) => {
      const style = { ...colored(columns), nested: true as const };
      for (const line of render(`${sample}\n\n${written.join('')}`, style).split('\n')) {
        expect(stringWidth(line)).toBeLessThanOrEqual(columns);
        expect(stripVTControlCharacters(line)).not.toMatch(/\p{Cc}/u);
      }
    }),
    { numRuns: 50 },
  );
});

it('leaves long lines of code to the terminal, which copies them whole, but for nested ones', () => {
  const line = 'echo "one line, however long it is, is one line when it is copied"';
  const code = ['```', line, '```'];
  expect(render(code.join('\n'))).toBe(code.join('\n'));
  expect(render(code.map(line => `> ${line}`).join('\n'))).toContain(
    '│ echo "one line, however long it is, is\n│  one',
  );
});

it('keeps only the last block live', () => {
  const markdown = new MarkdownStream();
  markdown.write('first\n\nsecond');
  expect(markdown.lines(plain(40))).toEqual({ final: ['first'], live: ['', 'second'] });
  markdown.write(' goes on');
  expect(markdown.lines(plain(40))).toEqual({ final: [], live: ['', 'second goes on'] });
});

it('takes back what is not final', () => {
  const markdown = new MarkdownStream();
  markdown.write('first\n\nsecond');
  markdown.lines(plain(40));
  markdown.takeBack(1000);
  markdown.write('again');
  expect(markdown.flush(plain(40))).toEqual(['', 'again']);
});

describe('with colours', () => {
  it('replaces marks by styles', () => {
    expect(render('**bold** and `code`', colored(40))).toBe('\x1b[1mbold\x1b[22m and \x1b[36mcode\x1b[39m');
  });

  it('highlights code of a known language, and leaves other code as it is', () => {
    expect(render('```js\nconst a = 1;\n```', colored(40))).toContain('\x1b[35mconst\x1b[39m a');
    expect(render('```whatever\nconst a = 1;\n```', colored(40))).toContain('\nconst a = 1;\n');
  });
});

it('draws a table cell by cell where its columns would be too narrow to read', () => {
  const table = '| first | second | third |\n|-|-|-|\n| alpha beta | gamma delta | epsilon |';
  expect(render(table, plain(20))).toBe('first: alpha beta\nsecond: gamma delta\nthird: epsilon');
});

it('removes escape sequences of the answer, however they are written', () => {
  expect(render('a\x1b[2J\x1b]0;title\x07b\rc')).toBe('abc');
  expect(render('a&#27;[2J&#x1b;]0;title&#7;b&#155;c')).not.toMatch(/[^\P{Cc}\n]/u);
});

it('decodes entities, but not in code', () => {
  expect(render('&lt;a&gt; &amp; **&quot;b&quot;** &constructor; `&lt;`')).toBe(
    '<a> & "b" &constructor; `&lt;`',
  );
});
