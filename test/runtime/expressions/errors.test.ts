import { describe, expect, it } from 'vitest';
import { ExpressionError, SecretNotFoundError } from '../../../src/errors.js';
import { evaluateTemplate, parseTemplate } from '../../../src/runtime/expressions/index.js';
import { failure, scopeOf } from './evaluate.js';

const scope = scopeOf({
  inputs: { repo: 'r', branch: 'b' },
  outputs: { 'my-task': { uri: 'x' } },
  text: '{"a":1}',
  list: [1],
  nothing: null,
  date: new Date(Number.NaN),
  action: () => 1,
});

describe('errors', () => {
  it('name the property, the expression, the column, and the nearest name', async () => {
    const error = await evaluateTemplate('{{ inputs.rpo }}', scope, { property: 'url' }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(ExpressionError);
    expect(error).toMatchObject({
      code: 'EXPRESSION_ERROR',
      message:
        'url: cannot evaluate "{{ inputs.rpo }}" at column 4: "rpo" is not defined in inputs (it has: branch, repo).',
      hint: 'Did you mean "repo"?',
      data: { property: 'url', expression: '{{ inputs.rpo }}', line: 1, column: 4 },
    });
  });

  it('name the line in a property of several lines', async () => {
    const error = await evaluateTemplate('a: {{ inputs.repo }}\nb: {{ 1 | nope }}', scope).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({
      message: 'cannot evaluate "{{ 1 | nope }}" at line 2, column 11: there is no filter "nope".',
      data: { expression: '{{ 1 | nope }}', line: 2, column: 11 },
    });
  });

  it('carry the place when parsing', () => {
    expect(() => parseTemplate('ok\n {{ a b }}')).toThrow(
      expect.objectContaining({
        message: 'cannot parse "{{ a b }}" at line 2, column 7: the end of the tag is expected, not "b".',
        data: { expression: '{{ a b }}', line: 2, column: 7 },
      }),
    );
  });

  it('show at most 120 characters of an expression', async () => {
    const error = await evaluateTemplate(`{{ "${'x'.repeat(200)}" | nope }}`, scope).catch((e: unknown) => e);
    expect(String(error instanceof ExpressionError && error.data.expression)).toHaveLength(120);
  });

  it.each<[string, string]>([
    ['{{ a', 'at column 1: "}}" is missing'],
    ['{{ (a }}', '"}" stands where ")" should close "("'],
    ['{{ [a', '"[" is never closed'],
    ['{{ a) }}', '")" has no opening bracket'],
    ['{{ "a }}', 'a string is never closed. Close it with ".'],
    ['{{ a && b }}', '"&" is not part of an expression. Write "and".'],
    ['{{ a || b }}', 'the name of a filter is expected, not "|"'],
    ['{{ !a }}', 'Write "not".'],
    ['{{ a.b() }}', 'methods such as ".b(…)" cannot be called. Use a filter: "| b".'],
    ['{{ a.1 }}', 'the name of an attribute is expected, not a number'],
    ['{{ }}', 'a value is expected, not the end of the tag'],
    ['{{ f(a=1, 2) }}', 'arguments without a name come before'],
    ['{{ "a" "b" }}', 'not a string'],
    ['{{ "a" "#{b}" }}', 'not a string'],
    ['{{ 99999999999999999999 }}', 'is too large. Write it as a string.'],
    ['{{ a ? b }}', '":" is expected'],
    ['{# a', 'the comment "{#" is never closed'],
    ['{% raw %}', 'is never closed. Close it with {% endraw %}.'],
    ['{% if a %}', '"{% if %}" is never closed. Close it with {% endif %}.'],
    ['{% if a %}{% else %}', '"{% if %}" is never closed'],
    ['{% for a in b %}', '"{% for %}" is never closed'],
    ['{% filter upper %}', '"{% filter %}" is never closed'],
    ['{% endif %}', '"{% endif %}" has no beginning'],
    ['{% for a of b %}{% endfor %}', '"in" is expected, not "of"'],
    ['{% set a %}', '"=" is expected'],
    ['{% esle %}', 'there is no tag "esle". Did you mean "else"?'],
    ['{% 1 %}', 'the name of a tag is expected'],
    ['{% macro x() %}{% endmacro %}', 'the tag "macro" is not supported by flowgit'],
    ['{% include "x" %}', 'the tag "include" is not supported by flowgit'],
    ['{% if a %}{% else x %}{% endif %}', 'the end of the tag is expected'],
    ['{{ "#{a b}" }}', 'the end of the tag is expected'],
  ])('%s says %s', async (source, message) => {
    expect(await failure(source, scope)).toContain(message);
  });

  it.each<[string, string]>([
    [
      '{{ missing }}',
      '"missing" is not defined (there are: action, date, inputs, list, nothing, outputs, text)',
    ],
    ['{{ outputs.my_task }}', `Did you mean ['my-task']?`],
    [
      `{{ outputs['my-task'].url }}`,
      `"url" is not defined in outputs['my-task'] (it has: uri). Did you mean "uri"?`,
    ],
    ['{{ nothing.x }}', 'nothing is null, so it has no "x"'],
    ['{{ text.a }}', 'text is a string, so it has no "a". It looks like JSON text: write fromJson(text).'],
    ['{{ list.length }}', 'list is a list, so it has no "length". Write "| length".'],
    ['{{ list.x }}', 'Choose an element, such as [0].'],
    ['{{ list[3] }}', 'list has no element 3 (its length is 1)'],
    ['{{ list[0][list] }}', 'list[0] is a number, so it has no "a list"'],
    ['{{ inputs[text].x }}', 'is not defined in inputs'],
    ['{{ (1 + 1).x }}', 'the value is a number'],
    ['{{ inputs[list[0]].x ?? fromJson(text).b }}', '"b" is not defined in fromJson(…)'],
    ['{{ 1 is nul }}', 'there is no test "nul"'],
    ['{{ 1 | uper }}', 'there is no filter "uper". Did you mean "upper"?'],
    ['{{ secert("x") }}', 'there is no function "secert". Did you mean "secret(…)"?'],
    ['{{ 1 | toIon }}', 'the filter "toIon" is not supported by flowgit. Use toJson.'],
    ['{{ encrypt("a") }}', 'the function "encrypt" is not supported by flowgit. Use secret.'],
    ['{{ block("a") }}', 'the function "block" is not supported by flowgit.'],
    ['{{ 1 / 0 }}', 'division by zero'],
    ['{{ 1.5 % 0 }}', 'division by zero'],
    ['{{ list * 2 }}', '"*" needs numbers, not a list'],
    ['{{ list < 2 }}', 'a list cannot be compared with a number'],
    ['{{ list and 1 }}', 'a condition needs a boolean, not a list. Write "is not empty".'],
    ['{% if list %}{% endif %}', 'a condition needs a boolean, not a list'],
    ['{{ 1 contains 1 }}', '"contains" needs a list, a map or a string on its left, not a number'],
    ['{{ 1 in text }}', '"in" needs a list or a map on its right, not a string'],
    ['{{ 1 matches "a" }}', '"matches" needs two strings, not a number and a string'],
    ['{{ "a" matches "(" }}', 'the regular expression is not valid'],
    ['{{ 1.5 is even }}', '"is even" needs a whole number'],
    ['{{ "a".."bc" }}', 'a range needs two numbers or two letters, not a string'],
    ['{{ range(1, 2, 0) }}', 'the increment of a range cannot be 0'],
    [
      '{% for i in text %}{% endfor %}',
      'a loop needs a list or a map, not a string. Read JSON text with fromJson(…)',
    ],
    ['{% for i in 5 %}{% endfor %}', 'a loop needs a list or a map, not a number'],
    ['{{ "a" | upper(1) }}', '"upper" takes no arguments, not 1'],
    [
      '{{ 1 | date(1, 2, 3, 4, 5) }}',
      '"date" takes at most 4 (format, timeZone, existingFormat, locale), not 5',
    ],
    [
      '{{ 1 | date(fromat="x") }}',
      '"date" has no argument "fromat" (it takes: existingFormat, format, locale, timeZone). Did you mean "format"?',
    ],
    ['{{ uuid(x=1) }}', '"uuid" has no argument "x" (it takes none)'],
    ['{{ 1 | date("x", format="y") }}', 'the argument "format" of "date" is given twice'],
    ['{{ secret() }}', '"secret" needs the argument "key"'],
    [
      '{{ "a" | abbreviate("x") }}',
      'the argument "length" of "abbreviate" must be a whole number, not a string',
    ],
    ['{{ 1 | date(2) }}', 'the argument "format" of "date" must be a string, not a number'],
    ['{{ render("x", recursive=1) }}', 'must be true or false, not a number'],
    ['{{ secret(null) }}', 'the argument "key" of "secret" must be a string, not null'],
    ['{{ 1 | dateAdd(null, "DAYS") }}', 'must be a whole number, not null'],
    ['{{ error("no luck") }}', 'no luck'],
    ['{{ error() }}', 'the flow asked for an error'],
    ['{{ action }}', 'an object that expressions cannot read cannot be printed'],
    ['x{{ action }}', 'an object that expressions cannot read cannot be printed'],
    ['x{{ date }}', 'a date is not valid'],
    [
      '{{ 99999999999999 * 99999999999999 * 99999999999999 * 99999999999999 * 99999999999999 * 99999999999999 }}',
      'too large',
    ],
    ['{{ ("1e308" | number) * 10.5 }}', 'too large'],
  ])('%s says %s', async (source, message) => {
    const text = source === '{{ action }}' ? 'x{{ action }}' : source;
    expect(await failure(text, scope)).toContain(message);
  });

  it('count only ten names', async () => {
    const many = Object.fromEntries(Array.from({ length: 14 }, (_, index) => [`name${index}`, 1]));
    expect(await failure('{{ q.zzzz }}', scopeOf({ q: many }))).toContain('name5 and 4 more');
  });

  it('of flowgit pass through with their own code', async () => {
    const secret = () => {
      throw new SecretNotFoundError('no secret "X"');
    };
    await expect(evaluateTemplate('{{ secret("X") ?? 1 }}', scopeOf({}, { secret }))).rejects.toBeInstanceOf(
      SecretNotFoundError,
    );
  });

  it('of a provider become the expression’s, with their cause', async () => {
    const cause = new TypeError('no such file');
    const read = () => Promise.reject(cause);
    await expect(evaluateTemplate('a {{ read("X") }}', scopeOf({}, { read }))).rejects.toMatchObject({
      code: 'EXPRESSION_ERROR',
      message: 'cannot evaluate "{{ read("X") }}" at column 6: no such file.',
      cause,
    });
  });

  it('inside render() say so', async () => {
    const error = await evaluateTemplate('{{ render("{{ nope }}") }}', scope, { property: 'p' }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({
      message: expect.stringContaining('p, in render(): cannot evaluate "{{ nope }}"'),
    });
    expect(await failure('{{ render("{{") }}', scope)).toContain('render(): cannot parse');
  });
});
