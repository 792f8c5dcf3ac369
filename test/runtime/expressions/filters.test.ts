import { describe, expect, it } from 'vitest';
import { evaluate, failure, scopeOf } from './evaluate.js';

const variables = {
  text: 'Hello, "World"\nand it\'s fine',
  html: "it's",
  list: [3, 1, 2, 3],
  nested: [[1], [2, [3]], 4],
  map: { b: 2, a: 'x', c: [true, null] },
  nothing: null,
  flag: false,
};

describe('text filters', () => {
  it.each<[string, unknown]>([
    [`'hello world' | abbreviate(8)`, 'hello...'],
    [`'hello' | abbreviate(8)`, 'hello'],
    [`'hello' | abbreviate(2)`, 'he'],
    [`'abc' | abbreviate(1)`, 'abc'],
    [`' hello world' | capitalize`, ' Hello world'],
    [`'hello big\tworld' | title`, 'Hello Big\tWorld'],
    [`'Straße' | upper`, 'STRASSE'],
    [`'ABC' | lower`, 'abc'],
    [`'  x ' | trim`, 'x'],
    [`'a.b.c' | substringBefore('.')`, 'a'],
    [`'a.b.c' | substringBefore('/')`, 'a.b.c'],
    [`'a.b.c' | substringBeforeLast('.')`, 'a.b'],
    [`'a.b.c' | substringAfter('.')`, 'b.c'],
    [`'a.b.c' | substringAfter('/')`, ''],
    [`'a.b.c' | substringAfterLast('.')`, 'c'],
    [`'NO_SQL' | startsWith('NO') == true`, true],
    [`'report.pdf' | endsWith('.pdf')`, true],
    [`'Crème Brûlée_no. 1 -- ' | slugify`, 'creme-brulee-no-1'],
    [`12 | string`, '12'],
    [`list | string`, '[3,1,2,3]'],
    [`'a\nb\n' | indent(2)`, 'a\n  b\n  '],
    [`'a\nb' | nindent(1, '\t')`, '\n\ta\n\tb'],
    [`'' | nindent(2)`, ''],
    [`html | escapeChar('single')`, "it\\'s"],
    [`html | escapeChar('shell')`, "it'\\''s"],
    [`'"' | escapeChar('DOUBLE')`, '\\"'],
    [`['a"b', {"k": '"'}, 1] | escapeChar('double')`, ['a\\"b', { k: '\\"' }, '1']],
    [`'a b&c/ü(!*)' | urlencode`, 'a+b%26c%2F%C3%BC%28%21*%29'],
    [`'a+b%26c%2F' | urldecode`, 'a b&c/'],
    [`nothing | upper`, null],
  ])('%s is %j', async (source, expected) => {
    expect(await evaluate(`{{ ${source} }}`, variables)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    [`'a.b.a' | replace({'a': 'x', '.': ''})`, 'xbx'],
    [`'aa bb' | replace({'\\s+': '_', 'a+': 'x'}, regexp=true)`, 'x_bb'],
    [`['a', {"k": 'a', "n": null}, 5] | replace({'a': 'b', '5': '6'})`, ['b', { k: 'b', n: null }, '6']],
    [`'dev.team' | replace('.', '_')`, 'dev_team'],
    [`text | replace('"', '\\\\"') | replace('\\n', '\\\\n')`, `Hello, \\"World\\"\\nand it's fine`],
    [`'a\\nb' | replace({'\\n': '-'})`, 'a-b'],
    [`'a\tb' | replace('\\t', '\\q')`, 'a\\qb'],
    [`'2024-01' | regexReplace('(\\d+)-(?P<m>\\d+)', '\${m}/$1 \\$0 $')`, '01/2024 $0 $'],
    [`'ab' | regexReplace('x?', '-')`, '-a-b-'],
    [`'ä😀-b-b' | regexReplace('(b)', '<$1>')`, 'ä😀-<b>-<b>'],
    [`'ä😀,b' | split('[,]')`, ['ä😀', 'b']],
    [`'hello world' | regexMatch('w.r')`, true],
    [`'hello' | regexMatch('^w')`, false],
    [`nothing | regexMatch('a')`, false],
    [`'order-123-done' | regexExtract('\\d+')`, '123'],
    [`'order-123-done' | regexExtract('(\\w+)-(\\d+)(x)?', group=2)`, '123'],
    [`'order-123-done' | regexExtract('(\\w+)-(\\d+)(x)?', 3)`, null],
    [`'order' | regexExtract('\\d')`, null],
    [`'a,b,,c,,' | split(',')`, ['a', 'b', '', 'c']],
    [`'a,b,c' | split(',', 2)`, ['a', 'b,c']],
    [`'a1b22c' | split('\\d+')`, ['a', 'b', 'c']],
    [`'abc' | split('')`, ['a', 'b', 'c']],
    [`'' | split(',')`, ['']],
    [`'a\nb' | split('\\n')`, ['a', 'b']],
  ])('%s is %j', async (source, expected) => {
    expect(await evaluate(`{{ ${source} }}`, variables)).toEqual(expected);
  });
});

describe('list and map filters', () => {
  it.each<[string, unknown]>([
    ['list | first', 3],
    ['list | last', 3],
    ['[] | first', null],
    ["'abc' | first", 'a'],
    ["'abc' | last", 'c'],
    ['list | length', 4],
    ["'abc' | length", 3],
    ['map | length', 3],
    ['nothing | length', 0],
    ['5 | length', 0],
    ['list | sort', [1, 2, 3, 3]],
    ['["b", "a"] | rsort', ['b', 'a']],
    ['list | reverse', [3, 2, 1, 3]],
    ['list | distinct', [3, 1, 2]],
    ['[1, "1", [1], [1]] | distinct', [1, '1', [1]]],
    ['list | chunk(3)', [[3, 1, 2], [3]]],
    ['nested | flatten', [1, 2, [3], 4]],
    ['list | slice(1, 3)', [1, 2]],
    ['list | slice(fromIndex=2)', [2, 3]],
    ["'production' | slice(0, 3)", 'pro'],
    ["list | join(', ')", '3, 1, 2, 3'],
    ['[1, null, "a"] | join', '1nulla'],
    ['map | keys', ['b', 'a', 'c']],
    ['list | keys', [0, 1, 2, 3]],
    ['map | values', [2, 'x', [true, null]]],
    ['list | merge([9])', [3, 1, 2, 3, 9]],
    ['[1] | merge({"k": 2})', [1, { key: 'k', value: 2 }]],
    ['map | merge({"a": 1}) | keys', ['b', 'a', 'c']],
    ['{"a": 1} | merge(["x"])', { a: 1, x: 'x' }],
    ['nothing | merge([1])', [1]],
    ['[1] | merge(null)', [1]],
    ["flag | ternary('yes', 'no')", 'no'],
    ["nothing | ternary('yes', 'no')", 'no'],
    ["1 | ternary('yes', 'no')", 'yes'],
  ])('%s is %j', async (source, expected) => {
    expect(await evaluate(`{{ ${source} }}`, variables)).toEqual(expected);
  });

  it('leave the variable as it was', async () => {
    const list = [2, 1];
    await evaluate('{{ list | sort | reverse | merge([3]) }}', { list });
    expect(list).toEqual([2, 1]);
  });
});

describe('number, hash and format filters', () => {
  it.each<[string, unknown]>([
    ['-3 | abs', 3],
    ['(-2 * 1.0) | abs', 2],
    ["'12' | number", 12],
    ["' 1.50 ' | number", 1.5],
    ["'1e3' | number", 1000],
    ["'2' | number('FLOAT')", 2],
    ["'7' | number(type='INT')", 7],
    ["'9007199254740993' | number('LONG')", '9007199254740993'],
    ["'+12' | number('BIGINTEGER')", 12],
    ['12 | number', 12],
    ['1234567.891 | numberFormat', '1,234,567.891'],
    ["1234567.891 | numberFormat('#,##0.00')", '1,234,567.89'],
    ["-1234.5 | numberFormat('#,##0.00 €')", '-1,234.50 €'],
    ["0.256 | numberFormat('0.0%')", '25.6%'],
    ["5 | numberFormat('000')", '005'],
    ["0.5 | numberFormat('#.##')", '.5'],
    ["2.5 | numberFormat('0')", '2'],
    ["3.5 | numberFormat('0')", '4'],
    ['12 | numberFormat("\'#\'0")', 'error'],
    ["'abc' | md5", '900150983cd24fb0d6963f7d28e17f72'],
    ["'abc' | sha1", 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ["'abc' | sha256", 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ["'abc' | sha512 | slice(0, 16)", 'ddaf35a193617aba'],
    ["'grüße' | base64encode", 'Z3LDvMOfZQ=='],
    ["'Z3LDvMOfZQ==' | base64decode", 'grüße'],
    ['map | toJson', '{"b":2,"a":"x","c":[true,null]}'],
    ['map | json', '{"b":2,"a":"x","c":[true,null]}'],
    ["'a\"b' | toJson", '"a\\"b"'],
    ['nothing | toJson', 'null'],
    ['[1.0, 1.5] | toJson', '[1,1.5]'],
    ['2.0 | toJson', '2.0'],
    ['map | yaml', 'b: 2\na: x\nc:\n  - true\n  - null\n'],
    ['nothing | yaml', 'null'],
    ["'a' | className", 'java.lang.String'],
    ['true | className', 'java.lang.Boolean'],
    ['1 | className', 'java.lang.Long'],
    ['1.0 | className', 'java.lang.Double'],
    ['[] | className', 'java.util.ArrayList'],
    ['{} | className', 'java.util.LinkedHashMap'],
  ])('%s is %j', async (source, expected) => {
    if (expected === 'error') expect(await failure(`{{ ${source} }}`)).toContain('is not a number format');
    else expect(await evaluate(`{{ ${source} }}`, variables)).toEqual(expected);
  });
});

describe('filters refuse', () => {
  it.each<[string, string]>([
    [`'a' | abbreviate(-1)`, 'must not be negative'],
    [`'a' | indent(-1)`, 'must not be negative'],
    [`'a' | escapeChar('x')`, 'must be "single", "double" or "shell"'],
    [`'%' | urldecode`, 'the text is not URL-encoded'],
    [`1 | urlencode`, '"urlencode" needs a string, not a number'],
    [`'a' | replace(1)`, '"replace" needs a map of replacements, not a number'],
    [`'a' | replace('', 'x')`, '"replace" cannot look for empty text'],
    [`'a' | regexReplace('a', '$3')`, 'the regular expression has no group "3"'],
    [`'a' | regexReplace('a', '\${n}')`, 'the regular expression has no group "n"'],
    [`'a' | regexExtract('a', 1)`, 'the regular expression has no group 1'],
    [`'a' | regexMatch('(a)\\1')`, 'the regular expression is not valid'],
    [`5 | first`, '"first" needs a list, not a number'],
    [`'[1]' | sort`, '"sort" needs a list, not a string. Read JSON text with fromJson(…).'],
    [`[1, 'a'] | sort`, 'cannot be compared'],
    [`[1, null] | sort`, 'null cannot be sorted'],
    [`[1] | chunk(0)`, 'must be at least 1'],
    [`[1] | slice(0, 2)`, '"slice" from 0 to 2 does not fit a length of 1'],
    [`5 | merge([1])`, '"merge" needs lists or maps, not a number'],
    [`[1] | merge(5)`, '"merge" needs lists or maps, not a number'],
    [`{} | merge(5)`, '"merge" needs lists or maps, not a number'],
    [`nothing | merge(nothing)`, '"merge" needs lists or maps, not null'],
    [`[1] | values`, '"values" needs a map, not a list'],
    [`'a' | abs`, '"abs" needs a number, not a string'],
    [`'a' | number`, 'the text is not a number'],
    [`[] | number`, '"number" needs a string, not a list'],
    [`'1' | number('HEX')`, '"number" has no type "HEX"'],
    [`'1.5' | number('INT')`, 'the text is not a whole number'],
    [`'99999999999' | number('INT')`, 'too large for the type INT'],
    [`'1e999' | number`, 'the number is too large'],
    [`'a' | numberFormat`, '"numberFormat" needs a number'],
    [`1 | numberFormat('x')`, 'is not a number format'],
    [`1 | numberFormat('#,####')`, 'is not a number format'],
    [`1 | numberFormat('${'0'.repeat(101)}')`, 'is not a number format'],
    [`1 | md5`, '"md5" needs a string'],
    [`'ä' | base64decode`, 'the text is not base64'],
    [`'//79' | base64decode`, 'the base64 holds no UTF-8 text'],
  ])('%s: %s', async (source, message) => {
    expect(await failure(`{{ ${source} }}`, scopeOf(variables))).toContain(message);
  });
});
