import stringWidth from 'string-width';

/** One character's place, in the units of the picture. */
const cell = { width: 8.4, height: 18, font: 14 };
const padding = 16;

const colors = {
  foreground: '#d4d8de',
  background: '#16191f',
  30: '#3f4451',
  31: '#e8686f',
  32: '#98c379',
  33: '#e0b46c',
  34: '#6db0f2',
  35: '#c98be0',
  36: '#59c2cd',
  37: '#d4d8de',
  90: '#7f8796',
};

/**
 * Frames of a terminal as an animated SVG: a film whose pictures lie side by side and are moved past the window one by
 * one. A line that is seen more than once is kept once. No script, no font from elsewhere.
 */
export function toSvg(frames, { columns, rows, hold }) {
  const width = Math.ceil(columns * cell.width) + 2 * padding;
  const height = rows * cell.height + 2 * padding;
  const end = (frames.at(-1)?.at ?? 0) + hold;
  const lines = new Map();
  const film = frames.map(({ screen }, index) => {
    // A style that begins on one line may end on another.
    const style = new Map();
    const uses = screen
      .split('\n')
      .slice(0, rows)
      .map((text, row) => {
        const line = toText(text, style);
        if (line === '') return '';
        if (!lines.has(line)) lines.set(line, `l${lines.size}`);
        return `<use href="#${lines.get(line)}" y="${row * cell.height}"/>`;
      });
    return `<g transform="translate(${index * width})">${uses.join('')}</g>`;
  });
  const keyframes = frames.map(
    ({ at }, index) => `${((100 * at) / end).toFixed(2)}%{transform:translateX(${-index * width}px)}`,
  );
  const symbols = [...lines].map(([line, id]) => `<g id="${id}">${line}</g>`);
  const last = -(frames.length - 1) * width;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>claude-cli-stream ask, in a terminal</title>
<style>
text{font:${cell.font}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${colors.foreground};white-space:pre}
.b{font-weight:bold}.d{opacity:.6}.i{font-style:italic}.u{text-decoration:underline}.s{text-decoration:line-through}
${Object.entries(colors)
  .flatMap(([code, color]) => (Number(code) ? [`.c${code}{fill:${color}}`] : []))
  .join('')}
.film{animation:film ${(end / 1000).toFixed(2)}s step-end infinite}
@keyframes film{${keyframes.join('')}}
@media (prefers-reduced-motion:reduce){.film{animation:none;transform:translateX(${last}px)}}
</style>
<defs>${symbols.join('\n')}</defs>
<rect width="100%" height="100%" rx="8" fill="${colors.background}"/>
<svg x="${padding}" y="${padding}" width="${columns * cell.width}" height="${rows * cell.height}" overflow="hidden"><g class="film">
${film.join('\n')}
</g></svg>
</svg>
`;
}

/** A line as runs of one style. Each is given its length, so that no font can shift what follows. */
function toText(line, style) {
  let column = 0;
  let drawn = '';
  for (const [index, piece] of line.trimEnd().split('\x1b[').entries()) {
    const [, codes = '', run = ''] = index === 0 ? [piece, '', piece] : (/^([\d;]*)m(.*)$/.exec(piece) ?? []);
    if (index > 0) for (const code of codes.split(';')) setStyle(style, Number(code));
    const text = run.trim();
    const before = run.length - run.trimStart().length;
    if (text !== '') drawn += toElement(text, column + before, [...style.values()]);
    column += stringWidth(run);
  }
  return drawn;
}

function toElement(text, column, names) {
  const place = `x="${round(column * cell.width)}" y="${cell.font}"`;
  const length = `textLength="${round(stringWidth(text) * cell.width)}" lengthAdjust="spacingAndGlyphs"`;
  const style = names.length > 0 ? ` class="${names.join(' ')}"` : '';
  return `<text ${place} ${length}${style}>${escaped(text)}</text>`;
}

function setStyle(style, code) {
  const flags = { 1: 'b', 2: 'd', 3: 'i', 4: 'u', 9: 's' };
  const ends = { 22: [1, 2], 23: [3], 24: [4], 29: [9], 39: ['color'] };
  if (code === 0) style.clear();
  else if (flags[code]) style.set(code, flags[code]);
  else if (ends[code]) for (const name of ends[code]) style.delete(name);
  else if (colors[code]) style.set('color', `c${code}`);
}

function round(number) {
  return Math.round(number * 10) / 10;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
