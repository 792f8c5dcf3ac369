import { describe, expect, it } from 'vitest';
import { evaluate, failure, NOW, scopeOf } from './evaluate.js';

const data = {
  a: [
    { x: 1, n: 'b', t: ['p', 'q'] },
    { x: 3, n: 'a', t: [] },
    { x: null, n: 'c', t: ['q'] },
  ],
  o: { k: 1, z: [1, 2, { d: 4 }] },
  s: 'Hello, World',
  e: '',
  nul: null,
  f: false,
  n: 3.7,
  j: '{"q":1}',
  arr: [3, 1, 2, 3],
};

/** Expectations were checked against jq itself. */
const programs: [string, unknown[]][] = [
  ['', [data]],
  ['.', [data]],
  ['.n, .s # comment', [3.7, 'Hello, World']],
  ['.a[].x', [1, 3, null]],
  ['.a[0].n', ['b']],
  ['.a[5]', [null]],
  ['.a[-1].n', ['c']],
  ['.o.z[2].d', [4]],
  ['."s"', ['Hello, World']],
  ['.["s"]', ['Hello, World']],
  ['.o["k"], .o.k', [1, 1]],
  ['.o."k"', [1]],
  ['.a.[0].x', [1]],
  ['.nope.deep', [null]],
  ['.s.bad?', []],
  ['[.s | .[0:5], .[-5:], .[:1]]', [['Hello', 'World', 'H']]],
  ['.arr[1:3]', [[1, 2]]],
  ['.arr[:-1]', [[3, 1, 2]]],
  ['[..|numbers]', [[1, 3, 1, 1, 2, 4, 3.7, 3, 1, 2, 3]]],
  ['.nope // "d"', ['d']],
  ['.f // 2', [2]],
  ['.e // 3', ['']],
  ['.a[] | .x // 0', [1, 3, 0]],
  ['empty // 1', [1]],
  ['[.a[] | select(.x != null) | .n]', [['b', 'a']]],
  ['.a | map(select(.x > 1)) | length', [1]],
  ['.a | map({(.n): .x}) | add', [{ b: 1, a: 3, c: null }]],
  ['.a | map({n, "x"}) | first', [{ n: 'b', x: 1 }]],
  ['1 as $v | {$v, w: 2, a: .n | floor}', [{ v: 1, w: 2, a: 3 }]],
  ['{a: (1, 2)}', [{ a: 1 }, { a: 2 }]],
  ['{"a\\(1)": 1, if: 2}', [{ a1: 1, if: 2 }]],
  ['[.arr[] | . * 2 - 1]', [[5, 1, 3, 5]]],
  ['1 + 2 * 3, 7 % 3, -5 % 3, 10 / 4, -(1)', [7, 1, -2, 2.5, -1]],
  ['"a,b" / ","', [['a', 'b']]],
  ['[1, 2] + [3], [1, 2, 1] - [1], null + 1, {a: 1} + {b: 2}', [[1, 2, 3], [2], 1, { a: 1, b: 2 }]],
  ['{a: {b: 1}} * {a: {c: 2}}', [{ a: { b: 1, c: 2 } }]],
  ['1 < 2, 2 <= 1, "a" > "b", [1] >= [0], {} == {}, 1 != 1', [true, false, false, true, true, false]],
  [
    '[null, true, false, 0, "a", [1], {"a": 1}, [0], {"a": 0}] | sort',
    [[null, false, true, 0, 'a', [0], [1], { a: 0 }, { a: 1 }]],
  ],
  ['true and false, true or error("no"), (1, null | not)', [false, true, false, true]],
  ['if .n > 3 then "big" elif .n > 2 then "mid" else "small" end', ['big']],
  ['if .f then 1 end | type', ['object']],
  ['[if (true, false) then 1 else 2 end]', [[1, 2]]],
  ['"n=\\(.n) \\("x" + "y") \\\\ \\u0041\\n"', ['n=3.7 xy \\ A\n']],
  ['try error("boom") catch ., (try error({a: 1}) catch .a)', ['boom', 1]],
  ['[.arr[] | tostring] | join(",")', ['3,1,2,3']],
  ['["a", 1, null, true] | join("-")', ['a-1--true']],
  ['reduce .arr[] as $i (0; . + $i)', [9]],
  ['[foreach .arr[] as $i (0; . + $i)]', [[3, 4, 6, 9]]],
  ['[foreach .arr[] as $i (0; . + $i; [$i, .])] | last', [[3, 9]]],
  ['.arr as $x | $x | length', [4]],
  ['[.[] | type] | unique', [['array', 'boolean', 'null', 'number', 'object', 'string']]],
  ['.o | keys, keys_unsorted, length, has("k"), (to_entries | length)', [['k', 'z'], ['k', 'z'], 2, true, 2]],
  ['.arr | keys, has(0), has(9), (to_entries[1])', [[0, 1, 2, 3], true, false, { key: 1, value: 1 }]],
  ['.o | with_entries(.value |= tostring)', [{ k: '1', z: '[1,2,{"d":4}]' }]],
  ['[["a", 1]] | map({name: .[0], value: .[1]}) | from_entries', [{ a: 1 }]],
  ['[{"k": false, "v": 2}, {"key": null}] | from_entries', [{ false: 2, null: null }]],
  [
    '.o | del(.k), del(.z[0, 2]), del(.z[1:]), del(.nope.x)',
    [{ z: [1, 2, { d: 4 }] }, { k: 1, z: [2] }, { k: 1, z: [1] }, { k: 1, z: [1, 2, { d: 4 }] }],
  ],
  [
    '.o | .k = 5, .k |= . + 1, .k += 2, .new //= 3 | [.k, .new]',
    [
      [5, null],
      [2, null],
      [3, null],
      [1, 3],
    ],
  ],
  [
    '.o | .z[0] = 9, .z[4] = 1, .z[:2] = ["s"], .z[-1] = 0 | .z',
    [
      [9, 2, { d: 4 }],
      [1, 2, { d: 4 }, null, 1],
      ['s', { d: 4 }],
      [1, 2, 0],
    ],
  ],
  ['.arr | map_values(. + 1), map_values(empty)', [[4, 2, 3, 4], []]],
  ['.arr | (.[] | select(. == 3)) = 0', [[0, 1, 2, 0]]],
  ['.arr | (first, last) |= 0', [[0, 1, 2, 0]]],
  ['null | .a.b = 1, .[1] = 2', [{ a: { b: 1 } }, [null, 2]]],
  [
    '.o | [paths], [leaf_paths], path(.z[2].d), getpath(["z", 1]), setpath(["k"]; 2).k, (delpaths([["k"]]) | keys)',
    [
      [['k'], ['z'], ['z', 0], ['z', 1], ['z', 2], ['z', 2, 'd']],
      [['k'], ['z', 0], ['z', 1], ['z', 2, 'd']],
      ['z', 2, 'd'],
      2,
      2,
      ['z'],
    ],
  ],
  ['[path(getpath(["o", "k"]))], [path(.. | numbers)][0]', [[['o', 'k']], ['a', 0, 'x']]],
  [
    '.arr | sort, unique, min, max, reverse, add, any, all',
    [[1, 2, 3, 3], [1, 2, 3], 1, 3, [3, 2, 1, 3], 9, true, true],
  ],
  ['[] | min, max, add, any, all, first?', [null, null, null, false, true, null]],
  ['.arr | index(3), rindex(3), indices(3), indices([1, 2])', [0, 3, [0, 3], [1]]],
  ['.s | index("o"), rindex("o"), indices("o")', [4, 8, [4, 8]]],
  ['null | indices(1)', [null]],
  ['.arr | contains([1]), inside([1, 2, 3, 4])', [true, true]],
  ['{a: [1, "xyz"]} | contains({a: ["y"]}), contains({b: 1})', [true, false]],
  ['"k" | in({k: 1})', [true]],
  ['.arr | any(. > 2), all(. > 1), any(.[]; . == 2), all(.[]; . > 0)', [true, false, true, true]],
  ['2 | IN(1, 2), IN(3)', [true, false]],
  [
    '.a | sort_by(.n) | map(.n), (group_by(.n > "a") | length), (unique_by(.t | length) | length), min_by(.x).n, max_by(.x).n',
    [['a', 'b', 'c'], 2, 3, 'c', 'a'],
  ],
  [
    '[[1, [2]], 3] | flatten, flatten(1)',
    [
      [1, 2, 3],
      [1, [2], 3],
    ],
  ],
  [
    '[[1, 2], [3]] | transpose',
    [
      [
        [1, 3],
        [2, null],
      ],
    ],
  ],
  ['[range(3)], [range(1; 3)], [range(5; 0; -2)], [range(0; 1; 0)]', [[0, 1, 2], [1, 2], [5, 3, 1], []]],
  ['[limit(2; .arr[])], first(.arr[]), [first(empty)], last(.arr[]), (.arr | nth(1))', [[3, 1], 3, [], 3, 1]],
  ['[limit(0; 1)], 1 | until(. > 100; . * 2)', [[], 128]],
  ['[1 | while(. < 10; . * 2)]', [[1, 2, 4, 8]]],
  ['[limit(3; 1 | repeat(. * 2))]', [[1, 2, 4]]],
  ['[2 | recurse(if . < 20 then . * . else empty end)]', [[2, 4, 16, 256]]],
  ['[1, [2]] | walk(if type == "number" then . + 1 else . end)', [[2, [3]]]],
  ['{a: 1} | walk(if type == "object" then .b = 2 else . end)', [{ a: 1, b: 2 }]],
  ['add(.arr[])', [9]],
  [
    '.s | ascii_upcase, ascii_downcase, length, utf8bytelength, (explode | implode), (split(", ")), startswith("He"), endswith("x")',
    ['HELLO, WORLD', 'hello, world', 12, 12, 'Hello, World', ['Hello', 'World'], true, false],
  ],
  [
    '.s | ltrimstr("Hello"), rtrimstr("World"), ltrimstr(1), (" x " | trim, ltrim, rtrim)',
    [', World', 'Hello, ', 'Hello, World', 'x', 'x ', ' x'],
  ],
  ['"" | split(","), ("ab" | split(""))', [[], ['a', 'b']]],
  [
    '.n | floor, ceil, round, sqrt * 0, tostring, (-1 | abs, fabs), (-1.5 | round), isnan',
    [3, 4, 4, 0, '3.7', 1, 1, -2, false],
  ],
  ['"3.5" | tonumber, (1 | tonumber)', [3.5, 1]],
  ['.j | fromjson.q, (tojson | length)', [1, 11]],
  [
    '"2015-03-05T23:51:47Z" | fromdate, (1425599507 | todate), now',
    [1425599507, '2015-03-05T23:51:47Z', NOW.getTime() / 1000],
  ],
  [
    '[1, "a\\"b", null, true] | @csv, @tsv, @json, @text, @sh',
    [
      '1,"a""b",,true',
      '1\ta"b\t\ttrue',
      '[1,"a\\"b",null,true]',
      '[1,"a\\"b",null,true]',
      `1 'a"b' null true`,
    ],
  ],
  [
    '"<&\'\\">é ü" | @html, @uri, @base64, (@base64 | @base64d), @sh',
    [
      '&lt;&amp;&#39;&quot;&gt;é ü',
      '%3C%26%27%22%3E%C3%A9%20%C3%BC',
      'PCYnIj7DqSDDvA==',
      '<&\'">é ü',
      `'<&'\\''">é ü'`,
    ],
  ],
  ['@base64 "x\\(1 + 1)"', ['xMg==']],
  [
    '.s | test("W.r"), test("w"; "i"), [match("o"; "g").offset], [scan("o")], [scan("(l)(.)")], (sub("o"; "0")), (gsub("(?<c>[A-Z])"; "<\\(.c)>")), [splits(", *")]',
    [
      true,
      true,
      [4, 8],
      ['o', 'o'],
      [
        ['l', 'l'],
        ['l', 'd'],
      ],
      'Hell0, World',
      '<H>ello, <W>orld',
      ['Hello', 'World'],
    ],
  ],
  [
    '.s | capture("(?<h>\\\\w+), (?<w>\\\\w+)"), match("(?<h>H)(x)?").captures, test(["HELLO", "i"]), gsub("L"; "_"; "i")',
    [
      { h: 'Hello', w: 'World' },
      [
        { offset: 0, length: 1, string: 'H', name: 'h' },
        { offset: -1, length: 0, string: null, name: null },
      ],
      true,
      'He__o, Wor_d',
    ],
  ],
  [
    '[.[]? | scalars | strings], [1 | booleans, nulls, arrays, objects, iterables, values], (null | nulls)',
    [['Hello, World', '', '{"q":1}'], [1], null],
  ],
  ['"ab" | reverse, (null | length, reverse)', ['ba', 0, []]],
  ['(-3 | length), ([1] | error? // "none")', [3, 'none']],
  ['[.a[] | .t[]?] | length as $n | "\\($n) tags"', ['3 tags']],
];

describe('jq', () => {
  it.each(programs)('%s', async (program, expected) => {
    expect(await evaluate('{{ data | jq(program) }}', { data, program })).toEqual(expected);
  });

  it('reads text as JSON, and takes what expressions make', async () => {
    expect(await evaluate(`{{ '{"a":[1,2]}' | jq('.a[]') }}`)).toEqual([1, 2]);
    expect(await evaluate(`{{ [date] | jq('.[0]') | first }}`, { date: new Date(0) })).toBe(
      '1970-01-01T00:00:00.000Z',
    );
    expect(await evaluate(`{{ nothing | jq('.') }}`, { nothing: null })).toBeNull();
  });

  it('works as published flows use it', async () => {
    const rows = [{ order_id: 7 }, { order_id: 8 }];
    expect(await evaluate(`{{ rows | jq('[.[].order_id | tostring] | join(",")') | first }}`, { rows })).toBe(
      '7,8',
    );
    expect(await evaluate(`{{ 'b' not in (vms | jq('.[].name')) }}`, { vms: [{ name: 'a' }] })).toBe(true);
    const answer = { confidence: 0.87, missing: [] };
    expect(
      await evaluate(`{{ answer | jq("(.confidence * 100 | floor | tostring) + \\"%\\"") | first }}`, {
        answer,
      }),
    ).toBe('87%');
    expect(
      await evaluate(
        `{{ answer | jq(".missing | if length == 0 then \\"none\\" else join(\\", \\") end") | first }}`,
        { answer },
      ),
    ).toBe('none');
  });

  it.each<[string, string]>([
    ['.a[', 'the jq program ends too early'],
    ['.a b', 'the jq program cannot be read at "b"'],
    ['(1', '")" is expected'],
    ['1)', '")" in the jq program has no "("'],
    ['"a', 'a string in the jq program is never closed'],
    ['"\\(1"', 'is never closed'],
    ['"\\(1 2)"', 'cannot be read at "2"'],
    ['"\\q"', 'is not an escape'],
    ['&', '"&" is not part of a jq program'],
    ['| 1', 'cannot be read at "|"'],
    ['{a b}', '"," is expected'],
    ['{1: 2}', 'a key that cannot be read'],
    ['if 1', '"then" is expected'],
    ['. as [$a] | $a', 'not a plain $variable'],
    ['def f: 1; f', '"def" is not supported in jq programs'],
    ['nope', 'the jq function "nope" is not supported'],
    ['lenght', 'Did you mean "length"?'],
    ['map', 'the jq function "map" with 0 arguments is not supported'],
    ['map(1; 2)', 'with 2 arguments'],
    ['env', 'the jq function "env" is not supported'],
    ['$ENV', '$ENV is not defined'],
    ['.s.x', 'the jq program fails: string cannot be indexed with "x"'],
    ['.arr.x', 'array cannot be indexed with "x"'],
    ['.o[0]', 'object cannot be indexed with number'],
    ['.n[]', 'number cannot be iterated over'],
    ['.arr["a":]', 'a slice needs numbers'],
    ['1 / 0', 'cannot be divided by zero'],
    ['1 % 0', 'cannot be divided by zero'],
    ['1 - "a"', '"-" cannot be applied to number and string'],
    ['{} + 1', '"+" cannot be applied to object and number'],
    ['-"a"', '"-" cannot be applied to number and string'],
    ['{(1): 2}', 'a key of an object must be a string'],
    ['error', 'an error that is not text'],
    ['.s.x // 1', 'string cannot be indexed'],
    ['error("boom")', 'the jq program fails: boom'],
    ['.s | keys', 'string has no keys'],
    ['true | length', 'boolean has no length'],
    ['.s | has(1)', 'string cannot have the key number'],
    ['1 | contains("a")', 'number cannot contain string'],
    ['[[1]] | join(",")', 'array cannot be joined'],
    ['1 | ascii_upcase', 'a string is needed, not number'],
    ['"a" | floor', 'a number is needed, not string'],
    ['1 | sort', 'an array is needed, not number'],
    ['1 | sort_by(.)', 'number cannot be sorted'],
    ['"a" | tonumber', 'the text is not a number'],
    ['"{" | fromjson', 'the text is not JSON'],
    ['"x" | fromdate', 'the text is not a date'],
    ['1e300 | todate', 'the date is out of range'],
    ['[1] | from_entries', 'an entry must be an object'],
    ['1 | to_entries', 'number has no keys'],
    ['range("a")', 'a range needs numbers'],
    ['1 | test("a")', 'cannot be matched'],
    ['.s | test(1)', 'must be a string'],
    ['.s | test("a"; "x")', 'can have the flags'],
    ['.s | sub("l"; 1)', 'a replacement must be a string'],
    ['.s | test("(")', 'the regular expression is not valid'],
    ['1 | @csv', 'a row needs an array'],
    ['[[1]] | @csv', 'array cannot be a cell'],
    ['[[1]] | @sh', 'array cannot be a word'],
    ['@nope', '@nope is not a format'],
    ['1 | getpath(1)', 'a path must be an array'],
    ['path(1)', 'does not lead to a place'],
    ['.arr | .[-9] = 1', 'out of range'],
    ['.arr | .[9999999] = 1', 'out of range'],
    ['.arr | .[1:] = 1', 'a slice can be set to an array only'],
    ['.arr | del(.x)', 'array cannot be indexed'],
    ['.s | delpaths([["a"]])', 'nothing can be deleted from string with string'],
  ])('refuses %s: %s', async (program, message) => {
    expect(await failure('{{ data | jq(program) }}', scopeOf({ data, program }))).toContain(message);
  });

  it('refuses text that is not JSON', async () => {
    expect(await failure(`{{ 'x' | jq('.') }}`)).toContain('this text is not JSON');
  });

  it.each<[string, string]>([
    ['[range(1e12)]', 'steps'],
    ['repeat(.)', 'steps'],
    ['0 | until(false; . + 1)', 'steps'],
    ['reduce range(60) as $i ([1]; . + .)', 'steps'],
    ['reduce range(60) as $i ("ab"; . + .)', 'longer than'],
    ['reduce range(21) as $i ("ab"; . + .) | split(""), . / "a"', 'steps'],
    ['reduce range(60) as $i ([1]; [., .]) | flatten', 'steps'],
    ['reduce range(60) as $i (1; [., .]) | . == (reduce range(60) as $i (1; [., .]))', 'steps'],
    ['reduce range(60) as $i ({}; {a: ., b: .}) | . * .', 'steps'],
    ['reduce range(60) as $i (1; [., .]) | tojson | length', 'steps'],
    ['def', '"def" is not supported'],
    ['recurse([.])', 'goes too deep'],
    [`${'['.repeat(500)}${']'.repeat(500)}`, 'nested too deeply'],
    [`${'"\\('.repeat(200)}1${')"'.repeat(200)}`, 'nested too deeply'],
    [`1${' + 1'.repeat(600)}`, 'too long a chain'],
    ['.s | test("(a+)+$")', ''],
    ['[limit(3; 1, 2)] | .["constructor"]', 'array cannot be indexed'],
  ])('ends %s', async (program, message) => {
    const source = '{{ data | jq(program) }}';
    const variables = { data: { s: `${'a'.repeat(5_000)}!` }, program };
    if (message === '') expect(await evaluate(source, variables)).toEqual([false]);
    else expect(await failure(source, scopeOf(variables))).toContain(message);
  });

  it('reaches no prototype', async () => {
    expect(await evaluate(`{{ {} | jq('.constructor, .__proto__, .toString') }}`)).toEqual([
      null,
      null,
      null,
    ]);
    expect(await failure(`{{ {} | jq('.__proto__.x = 1') }}`)).toContain('cannot be set');
    expect(await evaluate(`{{ {} | jq('{"__proto__": 1, b: 2}') }}`)).toEqual([{ b: 2 }]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});
