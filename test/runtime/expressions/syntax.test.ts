import { describe, expect, it } from 'vitest';
import { ExpressionError } from '../../../src/errors.js';
import { hasExpression, parseTemplate, renderString } from '../../../src/runtime/expressions/index.js';
import { evaluate, scopeOf } from './evaluate.js';

const variables = {
  a: 7,
  b: 2,
  name: 'Ada',
  nothing: null,
  yes: true,
  no: false,
  list: [1, 2, 3],
  map: { x: 1, 'dash-ed': { y: [10, 20] } },
  trigger: {},
  execution: { startDate: '2024-03-30T10:00:00Z' },
};

describe('expressions', () => {
  it.each<[string, unknown]>([
    ['{{ 1 }}', 1],
    ['{{ 1.5 }}', 1.5],
    ['{{ 12L }}', 12],
    ['{{ true }}', true],
    ['{{ FALSE }}', false],
    ['{{ null }}', null],
    ['{{ none }}', null],
    [`{{ 'it''s' }}`, 'parse'],
    [`{{ 'it\\'s' }}`, "it's"],
    [`{{ "say \\"hi\\"" }}`, 'say "hi"'],
    [`{{ '\\n' }}`, '\\n'],
    [`{{ '\\\\"' }}`, '\\\\"'],
    [`{{ "#{a} and #{a + b}" }}`, '7 and 9'],
    [`{{ "#{ "in #{name}" }!" }}`, 'in Ada!'],
    [`{{ "a#b" }}`, 'a#b'],
    [`{{ '#{a}' }}`, '#{a}'],
    ['{{ name }}', 'Ada'],
    ['{{ map.x }}', 1],
    [`{{ map['dash-ed'].y[1] }}`, 20],
    [`{{ map['dash-ed']['y']['0'] }}`, 10],
    ['{{ [1, "two", [3]] }}', [1, 'two', [3]]],
    ['{{ [] }}', []],
    ['{{ {} }}', {}],
    ['{{ {"a": {"b": {"c": 1}}} }}', { a: { b: { c: 1 } } }],
    ['{{{"a":1}}}', { a: 1 }],
    ['{{ [10, 20][1] }}', 20],
    ['{{ {"k": 5}.k }}', 5],
    ['{{ (list)[0] }}', 1],
    ['{{ map.in ?? "operator words are names behind a dot" }}', 'operator words are names behind a dot'],
  ])('%s is %j', async (source, expected) => {
    if (expected === 'parse') expect(() => parseTemplate(source)).toThrow(ExpressionError);
    else expect(await evaluate(source, variables)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['{{ 1 + 2 * 3 }}', 7],
    ['{{ (1 + 2) * 3 }}', 9],
    ['{{ 10 - 2 - 3 }}', 5],
    ['{{ a / b }}', 3],
    ['{{ -7 / 2 }}', -3],
    ['{{ a / 2.0 }}', 3.5],
    ['{{ a % b }}', 1],
    ['{{ 7.5 % 2 }}', 1.5],
    ['{{ -a }}', -7],
    ['{{ +a }}', 7],
    ['{{ - 1 | abs }}', 1],
    ['{{ 1 + -1 | abs }}', 2],
    ['{{ 2 * 3.0 }}', 6],
    ['x{{ 2 * 3.0 }}', 'x6.0'],
    ['{{ "3" * 2 }}', 6],
    ['{{ "1.5" * 2 }}', 3],
    ['{{ "n" + 1 }}', 'n1'],
    ['{{ 1 + nothing }}', 'error'],
    ['{{ 1 + nothing ~ "" }}', '1'],
    ['{{ [1] + 2 }}', [1, 2]],
    ['{{ [1] + [2, 3] }}', [1, 2, 3]],
    ['{{ [1, 2, 3] - 2 }}', [1, 3]],
    ['{{ [1, 2, 3] - [1, 3] }}', [2]],
    ['{{ 9007199254740991 + 2 }}', '9007199254740993'],
    ['{{ 9007199254740991 * 3 - 9007199254740991 * 3 + 1 }}', 1],
    ['{{ "a" ~ 1 ~ null ~ true }}', 'a1true'],
    ['{{ 1 ~ 2 + 3 }}', '123'],
    ['{{ 1..4 }}', [1, 2, 3, 4]],
    ['{{ "a".."d" }}', ['a', 'b', 'c', 'd']],
    ['{{ 3..1 }}', []],
  ])('calculates %s as %j', async (source, expected) => {
    if (expected === 'error')
      await expect(evaluate(source, variables)).rejects.toThrow('needs numbers, not null');
    else expect(await evaluate(source, variables)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['{{ 1 == 1.0 }}', true],
    ['{{ 1 == "1" }}', false],
    ['{{ name equals "Ada" }}', true],
    ['{{ [1, {"a": null}] == [1, {"a": null}] }}', true],
    ['{{ {"a": 1} == {"a": 1, "b": 2} }}', false],
    ['{{ nothing == null }}', true],
    ['{{ a != b }}', true],
    ['{{ a > b and b >= 2 }}', true],
    ['{{ a < b or b <= 1 }}', false],
    ['{{ "b" > "a" }}', true],
    ['{{ nothing > 1 }}', false],
    ['{{ nothing <= 1 }}', false],
    ['{{ yes > no }}', true],
    ['{{ not yes }}', false],
    ['{{ not (a == 1) }}', true],
    ['{{ no or nothing or "x" and 1 }}', true],
    ['{{ list contains 2 }}', true],
    ['{{ list contains [1, 3] }}', true],
    ['{{ list contains [1, 4] }}', false],
    ['{{ map contains "x" }}', true],
    ['{{ name contains "da" }}', true],
    ['{{ nothing contains 1 }}', false],
    ['{{ 2 in list }}', true],
    ['{{ "2" in list }}', true],
    ['{{ 5 not in list }}', true],
    ['{{ 5 notIn list }}', true],
    ['{{ "x" isIn map }}', true],
    ['{{ 1 in map }}', true],
    ['{{ nothing in list }}', false],
    ['{{ name matches "[A-Z][a-z]+" }}', true],
    ['{{ name matches "A" }}', false],
    ['{{ nothing matches "A" }}', false],
    ['{{ a > b ? "big" : "small" }}', 'big'],
    ['{{ nothing ? 1 : 0 ? 2 : 3 }}', 3],
  ])('decides %s as %j', async (source, expected) => {
    expect(await evaluate(source, variables)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['{{ nothing ?? "fallback" }}', 'fallback'],
    ['{{ missing ?? "fallback" }}', 'fallback'],
    ['{{ missing.deep.deeper ?? "fallback" }}', 'fallback'],
    ['{{ nothing.deep ?? "fallback" }}', 'fallback'],
    ['{{ list[9] ?? name.x ?? map.q ?? 1 }}', 1],
    ['{{ nothing ??? "fallback" }}', null],
    ['{{ missing ??? "fallback" }}', 'fallback'],
    ['{{ missing | default("d") }}', 'd'],
    ['{{ "  " | default("d") }}', 'd'],
    ['{{ a | default("d") }}', 7],
    ['{{ missing ?? 1 + 1 }}', 2],
    [`{{ trigger.date ?? execution.startDate | date('yyyy_MM_dd') }}`, '2024_03_30'],
    ['{{ missing is defined }}', false],
    ['{{ nothing is defined }}', false],
    ['{{ a is defined }}', true],
    ['{{ missing is null }}', true],
    ['{{ missing.x is not defined }}', true],
    ['{{ missing is empty }}', true],
    ['{{ a is not null and list is not empty }}', true],
    ['{{ {} is empty and [] is empty and 0 is not empty }}', true],
    ['{{ a is odd and b is even }}', true],
    ['{{ list is iterable and map is not iterable }}', true],
    ['{{ map is map and list is not map }}', true],
    [`{{ '{"a":1}' is json and '{' is not json and 1 is not json }}`, true],
    ['{{ a is equalTo(7) and a is none == false }}', true],
    ['{{ a is equalTo(7) }}', true],
    ['{{ nothing is none }}', true],
  ])('treats what is missing in %s as %j', async (source, expected) => {
    expect(await evaluate(source, variables)).toEqual(expected);
  });

  it('evaluates only the side that decides', async () => {
    expect(await evaluate('{{ no and missing }}{{ yes or missing }}{{ yes ? 1 : missing }}', variables)).toBe(
      'falsetrue1',
    );
  });
});

describe('templates', () => {
  it.each<[string, string]>([
    ['plain', 'plain'],
    ['a {{ a }} b {{ name }}', 'a 7 b Ada'],
    ['{{ map }} {{ list }} {{ nothing }}|', '{"x":1,"dash-ed":{"y":[10,20]}} [1,2,3] |'],
    ['{# a comment #}x{#- y -#} z', 'xz'],
    ['{% if a > 5 %}big{% elseif a > 3 %}mid{% else %}small{% endif %}', 'big'],
    ['{% if a > 9 %}big{% elseif a > 3 %}mid{% else %}small{% endif %}', 'mid'],
    ['{% if nothing %}big{% elseif no %}mid{% else %}small{% endif %}', 'small'],
    ['{% if nothing %}x{% endif %}', ''],
    ['{% for i in list %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}', '1,2,3'],
    [
      '{% for i in list %}{{ loop.index }}{{ loop.revindex }}{{ loop.first }}{{ loop.length }};{% endfor %}',
      '02true3;11false3;20false3;',
    ],
    ['{% for e in {"k": 1, "l": 2} %}{{ e.key }}={{ e.value }} {% endfor %}', 'k=1 l=2 '],
    ['{% for i in [] %}x{% else %}none{% endfor %}', 'none'],
    ['{% for i in nothing %}x{% else %}none{% endfor %}', ''],
    [
      '{% for i in [1,2] %}{% for j in [3] %}{{ loop.length }}{% endfor %}{{ loop.length }}{% endfor %}',
      '1212',
    ],
    ['{% set n = 0 %}{% for i in list %}{% set n = n + i %}{% endfor %}{{ n }}', '6'],
    ['{% for i in list %}{% set inner = i %}{% endfor %}{{ inner ?? "gone" }}', 'gone'],
    ['{% set a = a + 1 %}{{ a }}', '8'],
    ['{% filter upper %}{{ name }}!{% endfilter %}', 'ADA!'],
    ['{% filter upper | trim %} x {% endfilter %}', 'X'],
    ['{% raw %}{{ not }} {% nor %}{% endraw %}', '{{ not }} {% nor %}'],
    ['{% verbatim %}{{ x }}{% endverbatim %}', '{{ x }}'],
    ['a {%- raw -%} {{ x }} {%- endraw -%} b', 'a{{ x }}b'],
    ['a  {{- a -}}  b', 'a7b'],
    ['a {{-5}}', 'a -5'],
    ['a {%- if yes -%} b {%- endif -%} c', 'abc'],
    ['{% if yes %}\nline\n{% endif %}\nend', '\nline\n\nend'],
    ['{{ a }}\n{{ b }}\n', '7\n2\n'],
  ])('renders %j as %j', async (source, expected) => {
    expect(await renderString(source, scopeOf(variables))).toBe(expected);
  });

  it('gives the typed value of a single expression, and a string for anything else', async () => {
    expect(await evaluate('{{ list }}', variables)).toEqual([1, 2, 3]);
    expect(await evaluate('{# why #}{{ yes }}', variables)).toBe(true);
    expect(await evaluate('{{ nothing }}', variables)).toBeNull();
    expect(await evaluate('{{ a }}{{ b }}', variables)).toBe('72');
    expect(await evaluate('a', variables)).toBe('a');
  });

  it('keeps the white space around a single string and drops it around any other value', async () => {
    expect(await evaluate('{{ name }}\n', variables)).toBe('Ada\n');
    expect(await evaluate('{{ nothing }}\n', variables)).toBe('\n');
    expect(await evaluate('\n  {{ yes }}\n', variables)).toBe(true);
    expect(await evaluate('{{ map }}\n', variables)).toBe(variables.map);
  });

  it('prints numbers without exponents and dates in ISO 8601', async () => {
    const values = { tiny: 1e-7, minus: -2.5e-8, huge: 1e21, date: new Date(0), zero: -0, big: 12n ** 20n };
    expect(
      await evaluate('{{ tiny }} {{ minus }} {{ huge }} {{ date }} {{ zero }} {{ [date, 1.5] }}', values),
    ).toBe(
      '0.0000001 -0.000000025 1000000000000000000000 1970-01-01T00:00:00.000Z 0 ["1970-01-01T00:00:00.000Z",1.5]',
    );
    expect(await evaluate('{{ big }}', values)).toBe((12n ** 20n).toString());
    expect(await evaluate('{{ big - big + 1 }}', values)).toBe(1);
  });

  it('reads variables that are Maps', async () => {
    const m = new Map<unknown, unknown>([
      ['a', 1],
      [2, 'two'],
    ]);
    expect(await evaluate('{{ m.a }}{{ m[2] }}{{ m["2"] ?? "no" }}{{ m }}', { m })).toBe(
      '1twono{"a":1,"2":"two"}',
    );
  });

  it('knows whether a text holds an expression', () => {
    const texts = ['{{ x }}', '{% x %}', '{# x #}', '{ x }', 'x', '}}'];
    expect(texts.map(hasExpression)).toEqual([true, true, true, false, false, false]);
  });

  it('evaluates a parsed template any number of times', async () => {
    const template = parseTemplate('{{ x }}-{% set y = x %}{{ y }}');
    expect(await renderString(template, scopeOf({ x: 1 }))).toBe('1-1');
    expect(await renderString(template, scopeOf({ x: 2 }))).toBe('2-2');
  });
});
