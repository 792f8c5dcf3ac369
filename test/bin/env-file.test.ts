import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../bin/env-file.js';
import { UsageError } from '../../bin/usage-error.js';

describe('an env file', () => {
  it('holds NAME=VALUE lines, comments and quoted values', () => {
    const text = [
      '# comment',
      '',
      'PLAIN=value # with a remark',
      'export EXPORTED = spaced',
      'HASH=a#b',
      `SINGLE='a "b" \\n # c'`,
      'DOUBLE="a\\nb \\"c\\" \\\\"',
      'KEY="-----BEGIN KEY-----',
      'abc',
      '-----END KEY-----"',
      'EMPTY=',
      'LAST=1',
    ].join('\n');
    expect(Object.fromEntries(parseEnvFile(text, '.env'))).toEqual({
      PLAIN: 'value',
      EXPORTED: 'spaced',
      HASH: 'a#b',
      SINGLE: 'a "b" \\n # c',
      DOUBLE: 'a\nb "c" \\',
      KEY: '-----BEGIN KEY-----\nabc\n-----END KEY-----',
      EMPTY: '',
      LAST: '1',
    });
  });

  it('may have Windows line ends and a byte order mark', () => {
    expect(parseEnvFile('\uFEFFA=1\r\nB="2"\r\n', '.env')).toEqual([
      ['A', '1'],
      ['B', '2'],
    ]);
  });

  it('is refused with the line, and never with what stands there', () => {
    expect(() => parseEnvFile('A=1\nhunter22\n', '.env')).toThrow(
      new UsageError('.env:2: expected NAME=VALUE.'),
    );
    expect(() => parseEnvFile('A=1\nB="hunter22\n', '.env')).toThrow(
      new UsageError('.env:2: the quotes of B are not closed.'),
    );
  });

  it('gives back whatever was written in double quotes', () => {
    const value = fc.string().filter((text) => !text.includes('\r'));
    fc.assert(
      fc.property(value, value, (first, second) => {
        const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
        expect(parseEnvFile(`A=${quote(first)}\nB=${quote(second)}\n`, '.env')).toEqual([
          ['A', first],
          ['B', second],
        ]);
      }),
    );
  });
});
