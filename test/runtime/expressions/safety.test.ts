import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpressionError, FlowgitError } from '../../../src/errors.js';
import { evaluateTemplate, hasExpression, parseTemplate } from '../../../src/runtime/expressions/index.js';
import { evaluate, failure, scopeOf } from './evaluate.js';

describe('JavaScript behind the data', () => {
  class Service {
    token = 'own';
    get secret() {
      return 'getter';
    }
    run() {
      return 'ran';
    }
  }
  const inherited: object = Object.create({ inherited: 1 });
  const variables = {
    map: { x: 1 },
    list: [1],
    text: 'abc',
    number: 1,
    date: new Date(0),
    call: () => 'called',
    service: new Service(),
    inherited,
    polluted: JSON.parse('{"__proto__": {"evil": 1}, "constructor": 1, "prototype": 2, "ok": 3}'),
    realMap: new Map<string, unknown>([
      ['constructor', 1],
      ['size', 2],
    ]),
    bare: Object.assign(Object.create(null), { x: 1 }),
  };
  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__defineGetter__',
  ];
  const targets = [
    'map',
    'list',
    'text',
    'number',
    'date',
    'call',
    'service',
    'inherited',
    'polluted',
    'realMap',
    'bare',
  ];

  it.each(targets.flatMap((target) => names.map((name) => [target, name])))(
    'is not reachable by %s.%s',
    async (target, name) => {
      for (const source of [
        `{{ ${target}.${name} }}`,
        `{{ ${target}['${name}'] }}`,
        `{{ ${target}["__pro" ~ "to__"] }}`,
      ]) {
        expect(await failure(source, scopeOf(variables))).toMatch(/is not defined|has no/);
      }
    },
  );

  it.each(names)('is not reachable by the variable %s', async (name) => {
    expect(await failure(`{{ ${name} }}`, scopeOf(variables))).toContain('is not defined');
    expect(await evaluate(`{{ ${name} is defined }}`, variables)).toBe(false);
  });

  it.each([
    'service.token',
    'service.secret',
    'service.run',
    'inherited.inherited',
    'date.getTime',
    'list.map',
    'call.call',
  ])('is not reachable by %s', async (source) => {
    expect(await failure(`{{ ${source} }}`, scopeOf(variables))).toMatch(/is not defined|has no/);
  });

  it('is not printed', async () => {
    expect(await evaluate('x{{ polluted }}{{ realMap }}', variables)).toBe('x{"ok":3}{"size":2}');
    expect(await evaluate('{{ polluted | keys }}', variables)).toEqual(['ok']);
    expect(await evaluate('{{ polluted | merge(polluted) }}', variables)).toEqual({ ok: 3 });
    expect(await failure('x{{ service }}', scopeOf(variables))).toContain('cannot be printed');
    expect(await failure('x{{ [call] }}', scopeOf(variables))).toContain('cannot be printed');
  });

  it.each([
    `{{ {"__proto__": 1} }}`,
    `{{ {"constructor": 1} }}`,
    `{% set __proto__ = 1 %}`,
    `{% set constructor = 1 %}`,
  ])('cannot be written by %s', async (source) => {
    expect(await failure(source)).toMatch(/cannot have the key|cannot be set/);
  });

  it('stays as it was', async () => {
    await evaluate(`{{ fromJson('{"__proto__": {"evil": 1}}') | merge({"a": 1}) }}`);
    await evaluate(`{{ render({"{{ '__proto' ~ '__' }}": {"evil": 1}}) }}`);
    await evaluate(`{{ yaml('__proto__: {evil: 1}') }}`);
    await evaluate(`{% for __proto__ in [1] %}{{ loop.index }}{% endfor %}`);
    expect(({} as Record<string, unknown>).evil).toBeUndefined();
  });

  it('is not run by filters, functions and tests named after it', async () => {
    for (const name of [...names, 'eval', 'require', 'process']) {
      expect(await failure(`{{ 1 | ${name} }}`)).toContain(`there is no filter "${name}"`);
      expect(await failure(`{{ ${name}(1) }}`)).toContain(`there is no function "${name}"`);
      expect(await failure(`{{ 1 is ${name} }}`)).toContain(`there is no test "${name}"`);
    }
  });
});

describe('work without end', () => {
  const doubling = '{% set x = "ab" %}{% for i in 1..60 %}{% set x = x ~ x %}{% endfor %}{{ x | length }}';
  const growing = (step: string, last: string) =>
    `{% set x = [1] %}{% for i in 1..60 %}{% set x = ${step} %}{% endfor %}${last}`;
  const text = 'a'.repeat(100_000);

  it.each<[string, string]>([
    [doubling, 'longer than'],
    ['{{ range(0, 1000000000) }}', 'steps'],
    ['{{ 1..999999999999 }}', 'steps'],
    ['{% for i in 1..100000 %}{% for j in 1..100 %}{{ j }}{% endfor %}{% endfor %}', 'steps'],
    ['{% for i in 1..2000 %}{{ text }}{% endfor %}', 'longer than'],
    [growing('x + x', '{{ x }}'), 'steps'],
    [growing('x | merge(x)', '{{ x }}'), 'steps'],
    [growing('[x, x]', '{{ x }}'), 'steps'],
    [growing('[x, x]', '{{ x == x }}'), ''],
    [
      growing('[x, x]', '{% set y = [1] %}{% for i in 1..60 %}{% set y = [y, y] %}{% endfor %}{{ x == y }}'),
      'steps',
    ],
    [growing('[x, x]', '{{ x | toJson }}'), 'steps'],
    [growing('[x, x]', '{{ x | yaml }}'), 'steps'],
    [growing('[x, x]', '{{ [x] | distinct }}'), 'steps'],
    [growing('[x, x]', '{{ render(x) }}'), 'steps'],
    [growing('[x, x]', `{{ x | replace({'a': 'b'}) }}`), 'steps'],
    [growing('[x, x]', `{{ x | escapeChar('single') }}`), 'steps'],
    [growing('[x, x]', `{{ x | jq('.') }}`), 'steps'],
    ['{% set x = 1 %}{% for i in 1..1000 %}{% set x = [x] %}{% endfor %}{{ x }}', 'nested too deeply'],
    [
      '{% set x = 1 %}{% for i in 1..1000 %}{% set x = [x] %}{% endfor %}{{ render(x) }}',
      'nested too deeply',
    ],
    [
      `{% set x = 1 %}{% for i in 1..1000 %}{% set x = [x] %}{% endfor %}{{ x | replace({'a': 'b'}) }}`,
      'nested too deeply',
    ],
    [
      '{% set x = 1 %}{% set y = 1 %}{% for i in 1..1000 %}{% set x = [x] %}{% set y = [y] %}{% endfor %}{{ x == y }}',
      'nested too deeply',
    ],
    [`{{ text | replace({'a': text}) | length }}`, 'longer than'],
    [`{{ text | replace('a', text) | length }}`, 'longer than'],
    [`{{ text | regexReplace('a', text) | length }}`, 'longer than'],
    [`{{ text | regexReplace('(a+)+$', 'x') }}`, ''],
    [`{{ (text ~ '!') matches '(a+)+' }}`, ''],
    [`{{ (text ~ '!') | regexMatch('(a|a)*b') }}`, ''],
    [`{{ text | regexMatch('((a{100}){100}){100}') }}`, 'not valid'],
    [`{{ text | regexMatch(text) }}`, 'too long'],
    [`{% for i in 1..1000 %}{{ text | regexMatch('(x+x+)+y') }}{% endfor %}`, 'steps'],
    [`{{ text | split('') | length }}`, ''],
    [`{{ (text ~ text) | indent(99999999) }}`, 'longer than'],
    [`{{ 'a' | indent(10, text) }}`, ''],
    [`{{ ['a', 'b'] | join(text) | length }}`, ''],
    [`{% filter replace({'a': 'aaaaaaaaaa'}) %}{{ text }}{% endfilter %}`, ''],
    ['{{ render(bomb) }}', 'steps'],
    ['{% for i in 1..100000 %}{% set y = text | upper %}{% endfor %}', 'steps'],
    ['{% for i in 1..100000 %}{% set y = text contains "zz" %}{% endfor %}', 'steps'],
    ['{% for i in 1..100000 %}{% set y = max(text, "b") %}{% endfor %}', 'steps'],
    ['{% for i in 1..100000 %}{% set y = wide | length %}{% endfor %}', 'steps'],
    ['{% for i in 1..100000 %}{% set y = wideMap | length %}{% endfor %}', 'steps'],
    ['{% for i in 1..100000 %}{% set y = many | first %}{% endfor %}', 'steps'],
    ['{% for i in 1..100000 %}{{ wide.missing ?? "" }}{% endfor %}', ''],
    ['{{ wide[text] }}', 'column 4: "aaa'],
    ['{{ now() | date(text) }}', 'the date format is too long'],
    ['{{ now() | date(timeZone=text) }}', 'there is no time zone "aaa'],
    [
      `{{ {} | jq('[range(100000)] | [.[] | 0] as $z | [range(100000)] | map($z | length) | length') }}`,
      'steps',
    ],
  ])('ends: %s', async (source, message) => {
    const many = Array.from({ length: 10_000 }, (_, index) => `key${index}`);
    const wide = Object.fromEntries(many.map((key) => [key, 1]));
    const wideMap = new Map(many.map((key) => [key, 1]));
    const scope = scopeOf({ text, bomb: '{{ bomb }}{{ bomb }}', many, wide, wideMap });
    if (message === '') {
      await evaluateTemplate(source, scope);
    } else {
      const shown = await failure(source, scope);
      expect(shown).toContain(message);
      expect(shown.length).toBeLessThan(1_000);
    }
  });

  it.each([
    ['brackets', `{{ ${'('.repeat(5_000)}1${')'.repeat(5_000)} }}`],
    ['lists', `{{ ${'['.repeat(200)}${']'.repeat(200)} }}`],
    ['unary operators', `{{ ${'-'.repeat(5_000)}1 }}`],
    ['conditions', `{{ ${'1 ? '.repeat(300)}1${' : 1'.repeat(300)} }}`],
    ['operators', `{{ 1${' ~ 1'.repeat(5_000)} }}`],
    ['attributes', `{{ a${'.b'.repeat(5_000)} }}`],
    ['filters', `{{ a${' | upper'.repeat(5_000)} }}`],
    ['tags', `${'{% if true %}'.repeat(500)}${'{% endif %}'.repeat(500)}`],
    ['interpolations', `{{ ${'"#{'.repeat(300)}1${'}"'.repeat(300)} }}`],
  ])('refuses sources that nest %s too deeply', (_name, source) => {
    expect(() => parseTemplate(source)).toThrow(/nested too deeply|too long a chain/);
  });

  it('evaluates the deepest source it accepts', async () => {
    expect(String(await evaluate(`{{ 1${' ~ 1'.repeat(400)} }}`))).toHaveLength(401);
    expect(await evaluate(`{{ ${'('.repeat(90)}1${')'.repeat(90)} }}`)).toBe(1);
  });
});

describe('any text', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    '-',
    ' ',
    '\n',
    'if',
    'endif',
    'for',
    'in',
    'x',
    'set',
    '=',
    '==',
    '|',
    'date',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '#{',
    '\\',
    '1',
    '.5',
    '..',
    '??',
    '?',
    ':',
    ',',
    'not',
    'is',
    'defined',
    'raw',
    'endraw',
    'a.b',
    'jq',
  );
  const source = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
  );
  const scope = scopeOf({ x: [1, { a: 'b' }], a: { b: 1 } });

  it('parses, or fails with an error that has a place in it', () => {
    fc.assert(
      fc.property(source, (text) => {
        try {
          parseTemplate(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
          const { line, column } = error instanceof ExpressionError ? error.data : {};
          expect(Number(line)).toBeGreaterThanOrEqual(1);
          expect(Number(column)).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('evaluates, or fails with an error of flowgit', async () => {
    const wrapped = source.map((text) => (hasExpression(text) ? text : `{{ ${text} }}`));
    await fc.assert(
      fc.asyncProperty(wrapped, async (text) => {
        await evaluateTemplate(text, scope).catch((error: unknown) =>
          expect(error).toBeInstanceOf(FlowgitError),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('comes back as it is from a string literal', async () => {
    const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/['\\]/.test(text));
    await fc.assert(
      fc.asyncProperty(plain, async (text) => {
        expect(await evaluate(`{{ '${text}' }}`)).toBe(text);
      }),
    );
  });

  it('without an expression is itself', async () => {
    const plain = fc.string().filter((text) => !hasExpression(text));
    await fc.assert(
      fc.asyncProperty(plain, async (text) => {
        expect(await evaluate(text)).toBe(text);
      }),
    );
  });

  it('of JSON comes back equal through fromJson and toJson', async () => {
    const safe = fc
      .jsonValue({ maxDepth: 3 })
      .filter((value) => !/__proto__|constructor|prototype|-0/.test(JSON.stringify(value)));
    await fc.assert(
      fc.asyncProperty(safe, async (value) => {
        expect(await evaluate('{{ fromJson(value | toJson) }}', { value })).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });
});

describe('dates', () => {
  it('come back through a pattern that holds them whole', async () => {
    const pattern = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX";
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Paris',
      'America/St_Johns',
      'Asia/Kolkata',
      '+05:45',
      'Pacific/Apia',
    );
    const dates = fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(dates, zones, async (date, timeZone) => {
        const source =
          '{{ date | date(pattern, timeZone=timeZone) | date(existingFormat=pattern) | timestampMilli }}';
        const inWholeMinutes = '{{ date | date("xxxxx", timeZone=timeZone) | length }}';
        fc.pre((await evaluate(inWholeMinutes, { date, timeZone })) === 6);
        expect(await evaluate(source, { date, timeZone, pattern })).toBe(date.getTime());
      }),
    );
  });
});
