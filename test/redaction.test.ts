import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowNotFoundError } from '../src/errors.js';
import { Redactor } from '../src/redaction.js';

const mask = '******';

function redactorOf(...secrets: string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.register(secret);
  return redactor;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a secret in a text', () => {
  it('is masked, wherever and however often it stands', () => {
    const { redact } = bound(redactorOf('s3cret'));
    expect(redact('s3cret')).toBe(mask);
    expect(redact('a s3cret, "s3cret"s3cret')).toBe(`a ${mask}, "${mask}"${mask}`);
    expect(redact('s3cre s3 cret')).toBe('s3cre s3 cret');
  });

  it('is masked in whatever letter case', () => {
    const { redact } = bound(redactorOf('s3Cret-Straße/é'));
    expect(redact('S3CRET-STRAßE/É s3cret-straße/é')).toBe(`${mask} ${mask}`);
    expect(redact(encodeURIComponent('s3Cret-Straße/é').toUpperCase())).toBe(mask);
  });

  it('means nothing when none is known', () => {
    expect(new Redactor().redact('text')).toBe('text');
    const value = { a: ['text'] };
    expect(new Redactor().redactValue(value)).toBe(value);
    expect(redactorOf('').redact('text')).toBe('text');
  });

  it('is only a whole value when it is short', () => {
    const { redact } = bound(redactorOf('abc', 'x'));
    expect(['abc', 'x', 'abcd', 'an abc'].map(redact)).toEqual([mask, mask, 'abcd', 'an abc']);
  });

  it('is literal, whatever it means in a regular expression', () => {
    const secret = 'a.*b+(c)[d]{2}^$|\\/-';
    const { redact } = bound(redactorOf(secret));
    expect(redact(`<${secret}>`)).toBe(`<${mask}>`);
    expect(redact('axxb+(c)')).toBe('axxb+(c)');
  });

  it('is also masked without the line end of the file it was read from', () => {
    const { redact } = bound(redactorOf('token\n', 'ab\r\n'));
    expect(redact('token=token;')).toBe(`${mask}=${mask};`);
    expect(redact('ab')).toBe(mask);
  });

  it('that comes later is masked from then on', () => {
    const redactor = redactorOf('first');
    expect(redactor.redact('first second')).toBe(`${mask} second`);
    redactor.register('second');
    expect(redactor.redact('first second')).toBe(`${mask} ${mask}`);
  });

  it.each([
    [['password', 'password-123'], 'password-1234', `${mask}4`],
    [['password-123', 'password'], 'xpassword', `x${mask}`],
    [['abcdefgh', 'efghijkl'], 'abcdefghijkl', mask],
    [['abcd', 'bcdefg', 'fghij'], '-abcdefghij-', `-${mask}-`],
    [['abcd', 'efgh'], 'abcdefgh', `${mask}${mask}`],
    [['aaaa'], 'aaaaaa', mask],
  ])('is masked whole when it overlaps another: %j in %s', (secrets, text, masked) => {
    expect(redactorOf(...secrets).redact(text)).toBe(masked);
  });

  it('is masked in base64 at every alignment', () => {
    const secret = 'hunter2-hunter2';
    const { redact } = bound(redactorOf(secret));
    expect(redact(base64(secret))).toBe(mask);
    for (const before of ['', 'a', 'ab', 'abc', 'user:', 'a longer user:']) {
      for (const after of ['', 'a', 'ab', ' and what follows']) {
        const masked = redact(`Basic ${base64(before + secret + after)}.`);
        const left = Buffer.from(masked.replace('Basic ', '').replaceAll('*', '')).toString();
        expect(masked).toContain(mask);
        expect(Buffer.from(left, 'base64').toString('latin1')).not.toContain('unter2');
      }
    }
  });

  it('is masked in base64 for URLs', () => {
    const secret = '??>>~~??>>';
    expect(redactorOf(secret).redact(Buffer.from(secret).toString('base64url'))).toBe(mask);
    expect(redactorOf(secret).redact(base64(secret))).toBe(mask);
  });

  it.each([
    ['encodeURIComponent', (text: string) => encodeURIComponent(text)],
    ['encodeURI', (text: string) => encodeURI(text)],
    ['a form', (text: string) => new URLSearchParams({ v: text }).toString().slice(2)],
    [
      'the user-info of a URL',
      (text: string) => Object.assign(new URL('https://h'), { password: text }).password,
    ],
    [
      'RFC 3986',
      (text: string) =>
        encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    ],
  ])('is masked as %s encodes it, in either case', (_, encode) => {
    const secret = "p@ss/w+rd !*'()~ é&=%$🦊";
    const encoded = encode(secret);
    const lower = encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
    expect(redactorOf(secret).redact(`https://u:${encoded}@h`)).toBe(`https://u:${mask}@h`);
    expect(redactorOf(secret).redact(`https://u:${lower}@h`)).toBe(`https://u:${mask}@h`);
  });

  it('is masked as JSON escapes it', () => {
    const secret = 'quo"te\\back\nline\tend\u0001';
    const text = JSON.stringify({ message: `<${secret}>` });
    expect(redactorOf(secret).redact(text)).toBe(`{"message":"<${mask}>"}`);
  });

  it.each([
    ['Go', /[<>&]/g],
    ['Gson', /[<>&='\\]/g],
    ['Python', /[^\0-\x7f]/g],
    ['.NET', /[^\0-\x7f]|["&'+<>`]/g],
  ])('is masked as JSON by %s', (_, escaped) => {
    const secret = "gr\u00fc\u00dfe&<a>+'b'=\u2028`c\ud83e\udd8a==";
    const escapes = secret.replace(escaped, (char) =>
      Array.from(
        { length: char.length },
        (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`,
      ).join(''),
    );
    expect(redactorOf(secret).redact(`{"a":"${escapes}"}`)).toBe(`{"a":"${mask}"}`);
    const upper = escapes.replace(/\\u[\da-f]{4}/g, (code) => `\\u${code.slice(2).toUpperCase()}`);
    expect(redactorOf(secret).redact(`{"a":"${upper}"}`)).toBe(`{"a":"${mask}"}`);
    const slashes = 'aB3/xY9/zQ"tail';
    expect(redactorOf(slashes).redact('"aB3\\/xY9\\/zQ\\"tail"')).toBe(`"${mask}"`);
    const inBase64 = Buffer.from('secret word').toString('base64');
    expect(redactorOf('secret word').redact(inBase64.replaceAll('=', '\\u003d'))).toBe(mask);
  });

  it('is masked line by line when it has several', () => {
    const lines = [
      '-----BEGIN KEY-----',
      'b3BlbnNzaC1rZXktdjEA',
      'AAAABG5vbmUAAAAEbm9u',
      'short',
      '-----END KEY-----',
    ];
    const { redact } = bound(redactorOf(`${lines.join('\n')}\n`));
    expect(redact(lines.join('\n'))).toBe(mask);
    expect(redact(JSON.stringify(lines.join('\n')))).toBe(`"${mask}"`);
    expect(redact(lines.map((line) => `    ${line}`).join('\r\n'))).toBe(
      `    -----BEGIN KEY-----\r\n    ${mask}\r\n    ${mask}\r\n    short\r\n    -----END KEY-----`,
    );
    expect(redact(`key: ${lines[2]} ${base64(lines[1] ?? '')}`)).toBe(`key: ${mask} ${mask}`);
  });
});

describe('a secret in a value', () => {
  it('is masked in every string and key, and nothing else changes', () => {
    const date = new Date(0);
    const bytes = Uint8Array.of(1, 2);
    const value = {
      text: 'is s3cret',
      's3cret key': 1,
      list: ['s3cret', null, undefined, true, 5, 5n, ['x s3cret']],
      nested: { deep: { deeper: 's3cret' } },
      date,
      bytes,
      map: new Map<unknown, unknown>([
        ['s3cret', { a: 's3cret' }],
        [1, 's3cret'],
      ]),
      set: new Set(['s3cret', 'x']),
    };
    expect(redactorOf('s3cret').redactValue(value)).toEqual({
      text: `is ${mask}`,
      [`${mask} key`]: 1,
      list: [mask, null, undefined, true, 5, 5n, [`x ${mask}`]],
      nested: { deep: { deeper: mask } },
      date,
      bytes,
      map: new Map<unknown, unknown>([
        [mask, { a: mask }],
        [1, mask],
      ]),
      set: new Set([mask, 'x']),
    });
    expect(value.text).toBe('is s3cret');
  });

  it('is masked when it is a number', () => {
    expect(redactorOf('12345', '-1', '7').redactValue([12345, 123456, -1, 7n, 12345n, 0])).toEqual([
      mask,
      123456,
      mask,
      mask,
      mask,
      0,
    ]);
  });

  it('is masked in errors, their causes and what they carry', () => {
    const cause = new Error('cause s3cret');
    const error = new FlowNotFoundError('no s3cret', {
      hint: 'try s3cret',
      data: { path: 's3cret.yml' },
      cause,
    });
    const { stack, ...copy } = redactorOf('s3cret').redactValue<unknown>(error) as Record<string, unknown>;
    expect(copy).toEqual({
      name: 'FlowNotFoundError',
      message: `no ${mask}`,
      cause: { name: 'Error', message: `cause ${mask}`, stack: expect.not.stringContaining('s3cret') },
      code: 'FLOW_NOT_FOUND',
      retryable: false,
      hint: `try ${mask}`,
      data: { path: `${mask}.yml` },
    });
    expect(stack).toMatch(/no \*{6}\n\s+at /);
    const both = new AggregateError([new Error('s3cret')], 'two');
    expect(redactorOf('s3cret').redactValue<unknown>(both)).toMatchObject({ errors: [{ message: mask }] });
  });

  it('is masked in values that hold themselves', () => {
    const value: Record<string, unknown> = { a: 's3cret', list: [], map: new Map() };
    value.self = value;
    (value.list as unknown[]).push(value);
    (value.map as Map<unknown, unknown>).set(value, value);
    const copy = redactorOf('s3cret').redactValue(value);
    expect(copy.a).toBe(mask);
    expect(copy.self).toBe(copy);
    expect(copy.list).toEqual([copy]);
    expect([...(copy.map as Map<unknown, unknown>)]).toEqual([[copy, copy]]);
  });

  it('cannot reach a prototype', () => {
    const copy = redactorOf('s3cret').redactValue(JSON.parse('{"__proto__":{"a":"s3cret"}}') as object);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(JSON.stringify(copy)).toBe(`{"__proto__":{"a":"${mask}"}}`);
  });
});

describe('the user-info of a URL', () => {
  it.each([
    ['https://user:pass@host/x', ['user', 'pass']],
    ['https://gh_token@host/x', ['gh_token']],
    ['https://gh_token:x-oauth-basic@host', ['gh_token', 'x-oauth-basic']],
    ['https://git:pass@host', ['pass']],
    ['https://x-access-token:pass@host', ['pass']],
    ['ssh://git@host/x', []],
    ['https://user:p%40ss%2Fword@host', ['user', 'p%40ss%2Fword', 'p@ss/word']],
    ['https://user:p%zz@host', ['user', 'p%zz']],
    ['https://user:p@ss@host', ['user', 'p@ss']],
    ['https://user:p:ss@host', ['user', 'p:ss']],
    ['https://user:pa/ss@host/x', ['user', 'pa/ss']],
    ['https://user:p?s#s@host/x', ['user', 'p?s#s']],
    ['https://user:123/ss@host/x', []],
    ['https://host:8080/path@v1', []],
    ['https://host/path@v1', []],
    ['https://host:/path@v1', []],
    ['https://[::1]:80/path@v1', []],
    ['https://host?user:pass@x', []],
    ['git@host:owner/repo.git', []],
    ['no url: user:pass@host', []],
    ['https://:pass@host', ['pass']],
    ['https//user:pass@host/x', ['user', 'pass']],
    ['https;//user:pass@host/x', ['user', 'pass']],
    ['https:/user:pass@host/x', ['user', 'pass']],
    ['"https://user:pass@host/x"', ['user', 'pass']],
    ['postgres:/user:pass@host/x', ['user', 'pass']],
    ['//user:pass@host/x', ['user', 'pass']],
    ['//host/path@v1', []],
    ['path//host@v1', []],
    ['https', []],
  ])('of %s is %j', (url, secrets) => {
    const redactor = new Redactor();
    redactor.registerUrl(url);
    const candidates = new Set([...url.split(/[:@/?#]+/), ...secrets, 'host', 'x', 'git', 'path', 'v1']);
    const masked = [...candidates].filter((text) => text !== '' && redactor.redact(text) === mask);
    expect(masked.sort()).toEqual([...secrets].sort());
  });
});

describe('for any secret', () => {
  // A secret of asterisks could come about from masks.
  const secret = fc
    .string({ unit: 'grapheme', minLength: 4, maxLength: 24 })
    .filter((text) => text.length >= 4 && !text.includes('*') && text.isWellFormed());
  const around = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({ unit: fc.constantFrom(...'ab-/%+ ='), maxLength: 12 }),
  );

  it('of letters that are others in another case, too', () => {
    for (const letter of '\u212a\u212b\u2126\u017f\u1e9e\u0130\u0131\u03c2\ud83d\ude00') {
      const one = `${letter}  ! `;
      expect(redactorOf(one, 'k  ?', 's  ?', 'å  ?', 'ω  ?').redact(`<${one}>`)).toBe(`<${mask}>`);
    }
  });

  it('no text holds it afterwards, in any spelling', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        around,
        around,
        (secrets, before, after) => {
          const { redact } = bound(redactorOf(...secrets));
          for (const one of secrets) {
            const text = before + one + after;
            for (const other of secrets) {
              expect(redact(text)).not.toContain(other);
              expect(redact(`${one.slice(0, -1)}${other}${one.slice(1)}`)).not.toContain(other);
            }
            const spellings = [
              (plain: string) => JSON.stringify(plain).slice(1, -1),
              encodeURIComponent,
              encodeURI,
              (plain: string) => new URLSearchParams({ v: plain }).toString().slice(2),
            ];
            for (const spell of spellings) expect(redact(`<${spell(one)}>`)).not.toContain(spell(one));
            expect(JSON.stringify(redactorOf(...secrets).redactValue({ [one]: [text] }))).not.toContain(
              JSON.stringify(one).slice(1, -1),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('no base64 text gives it away, when it has eight bytes or more', () => {
    const bytes = fc.uint8Array({ maxLength: 7 });
    fc.assert(
      fc.property(fc.stringMatching(/^[ -)+-~]{8,24}$/), bytes, bytes, (one, before, after) => {
        const encoded = Buffer.concat([before, Buffer.from(one), after]);
        for (const encoding of ['base64', 'base64url'] as const) {
          expect(redactorOf(one).redact(`x ${encoded.toString(encoding)} x`)).toContain(mask);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it('masks a hundred secrets in a megabyte quickly', () => {
  const redactor = new Redactor();
  for (let index = 0; index < 100; index++) {
    const digits = String(index * 7919 + 104729);
    redactor.register(`${digits}${base64(`secret number ${digits}`)}`);
  }
  const text = 'The quick brown fox jumps over 1234567890 lazy dogs, and QmFzZTY0IG9mIGl0IHRvbw==.\n'.repeat(
    13_000,
  );
  const startedAt = performance.now();
  expect(redactor.redact(text)).toBe(text);
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

/** The method without its object, for lists. */
function bound(redactor: Redactor): { redact: (text: string) => string } {
  return { redact: (text) => redactor.redact(text) };
}
