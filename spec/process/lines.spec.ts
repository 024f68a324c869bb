import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../lib/process/lines.ts';

const generous = 64 * 1024 * 1024;

describe('lines', () => {
  it('come out the same, however their bytes are cut into chunks', async () => {
    const line = fc.string({ unit: 'grapheme' }).map(text => text.replaceAll(/[\r\n]/g, ''));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (lines, ending, sizes) => {
          const bytes = Buffer.from(lines.map(text => text + ending).join(''));
          expect(await read(cut(bytes, sizes))).toEqual(lines);
        },
      ),
    );
  });

  it('may be blank, end with CRLF, hold U+2028, and lack the last end', async () => {
    expect(await read(['one\r\n', '\n', 'two\u2028two\n', 'thr'])).toEqual([
      'one',
      '',
      'two\u2028two',
      'thr',
    ]);
  });

  it('with a character cut in two are whole', async () => {
    const bytes = Buffer.from('{"text":"日本"}\n');
    expect(await read(cut(bytes, [10, 1, 1, 1]))).toEqual(['{"text":"日本"}']);
  });

  it('with bytes that are no UTF-8 have replacement characters there, and only there', async () => {
    expect(await read([Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a])])).toEqual(['a\ufffd\ufffdb']);
  });

  it('of 100 MB are whole: a splitter that looks at its remainder again with every chunk would take minutes', async () => {
    const chunks = Array.from({ length: 1600 }, () => Buffer.alloc(64 * 1024, 'x'));
    const [line] = await read([...chunks, Buffer.from('\n')], Number.POSITIVE_INFINITY);
    expect(line).toHaveLength(100 * 1024 * 1024);
  });

  it('are split as they are asked for: what is not read stays with the producer', async () => {
    let produced = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          produced++;
          yield Buffer.from('x'.repeat(1023).concat('\n'));
        }
      })(),
      { objectMode: false, highWaterMark: 1024 },
    );
    const lines = linesOf(endless, generous);
    for await (const _line of lines) break;
    expect(produced).toBeLessThan(200);
  });
});

describe('the limit of a line', () => {
  it.each([
    ['in one chunk', [`${'x'.repeat(2000)}\n`]],
    ['over chunks', ['x'.repeat(600), 'x'.repeat(600), '\n']],
    ['after shorter ones', ['a\nb\n', `c\n${'x'.repeat(1025)}\nd\n`]],
    ['without an end', ['x'.repeat(1025)]],
  ])('is exceeded %s: a ProtocolError that shows how the line begins', async (_name, chunks) => {
    await expect(read(chunks, 1024)).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: expect.stringContaining('longer than 1024 bytes (raise maxLineLength)'),
      line: expect.stringMatching(/x{3}/),
    });
  });

  it('is reached, but not exceeded', async () => {
    const line = 'x'.repeat(1024);
    expect(await read([`a\n${line}\n${line}`, '\n'], 1024)).toEqual(['a', line, line]);
  });

  it('lets go of the producer', async () => {
    const output = Readable.from(['x'.repeat(2000), 'more']);
    await expect(linesOf(output, 1024).toArray()).rejects.toThrow();
    expect(output.destroyed).toBe(true);
  });
});

async function read(chunks: Iterable<string | Buffer>, maxLineLength = generous): Promise<string[]> {
  return await linesOf(Readable.from(chunks, { objectMode: false }), maxLineLength).toArray();
}

/** Cuts into pieces of the given sizes, over and over. */
function* cut(bytes: Buffer, sizes: number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
