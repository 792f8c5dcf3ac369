import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeableText, mergeTexts } from '../../src/plan/merge-texts.js';

const lines = (...items: string[]) => items.map((item) => `${item}\n`).join('');
const base = lines('a', 'b', 'c', 'd', 'e', 'f', 'g');

describe('mergeTexts', () => {
  it.each([
    ['takes what one side changed', lines('A', 'b', 'c', 'd', 'e', 'f', 'g'), base, 'Abcdefg'],
    ['takes both changes', base.replace('a', 'A'), base.replace('g', 'G'), 'AbcdefG'],
    ['takes the same change once', base.replace('c', 'X'), base.replace('c', 'X'), 'abXdefg'],
    ['takes lines that are gone and lines that are new', base.replace('a\n', ''), `${base}h\n`, 'bcdefgh'],
  ])('%s', async (_, source, target, expected) => {
    expect(await mergeTexts(base, source, target)).toEqual({ text: lines(...expected) });
  });

  it('keeps line ends and a missing final newline', async () => {
    expect(await mergeTexts('a\r\nb\r\nc\r\nd', 'A\r\nb\r\nc\r\nd', 'a\r\nb\r\nc\r\nd\r\n')).toEqual({
      text: 'A\r\nb\r\nc\r\nd\r\n',
    });
  });

  it('names the lines of the target that both sides changed', async () => {
    expect(await mergeTexts(base, base.replace('c', 'X'), base.replace('c', 'Y'))).toEqual({
      problem: "both sides changed line 3 of the target's copy",
    });
    const twice = (one: string, two: string) => base.replace('a', one).replace('e\nf', `${two}\n${two}`);
    expect(await mergeTexts(base, twice('1', '2'), twice('3', '4'))).toEqual({
      problem: "both sides changed lines 1, 5-6 of the target's copy",
    });
  });

  it('refuses texts that would take too long', async () => {
    const long = 'x\n'.repeat(20_001);
    expect(await mergeTexts(long, base, base)).toEqual({ problem: 'too long to merge' });
  });

  it('gives the other side when one did nothing, whatever the texts', async () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((all) => lines(...all));
    await fc.assert(
      fc.asyncProperty(text, text, async (from, to) => {
        expect(await mergeTexts(from, to, from)).toEqual({ text: to });
        expect(await mergeTexts(from, from, to)).toEqual({ text: to });
        expect(await mergeTexts(from, to, to)).toEqual({ text: to });
      }),
      { numRuns: 300 },
    );
  });
});

describe('mergeableText', () => {
  it('is UTF-8 text of up to a megabyte', () => {
    expect(mergeableText(Buffer.from('é'))).toBe('é');
    expect(mergeableText(Buffer.from([0x61, 0]))).toBeNull();
    expect(mergeableText(Buffer.from([0xff, 0x61]))).toBeNull();
    expect(mergeableText(Buffer.alloc((1 << 20) + 1, 'a'))).toBeNull();
  });
});
