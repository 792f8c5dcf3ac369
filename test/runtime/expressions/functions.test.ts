import { describe, expect, it, vi } from 'vitest';
import { type ExpressionFunctions, evaluateTemplate } from '../../../src/runtime/expressions/index.js';
import { evaluate, failure, scopeOf } from './evaluate.js';

const with_ = (functions: ExpressionFunctions, source: string, variables: Record<string, unknown> = {}) =>
  evaluateTemplate(source, scopeOf(variables, functions));

describe('functions of the caller', () => {
  it('get their arguments by position and by name', async () => {
    const secret = vi.fn(async (key: string) => `value of ${key}`);
    expect(
      await with_({ secret }, `{{ secret('A') }} {{ secret(namespace='system', key='B', subkey='c') }}`),
    ).toBe('value of A value of B');
    expect(secret.mock.calls).toEqual([
      ['A', {}],
      ['B', { namespace: 'system', subkey: 'c' }],
    ]);
  });

  it('read key values, and refuse a missing key unless told otherwise', async () => {
    const store = new Map([['n', 4]]);
    const kv = (key: string) => store.get(key);
    expect(await with_({ kv }, `{{ kv('n') + 1 }}`)).toBe(5);
    expect(await with_({ kv }, `{{ kv('x', errorOnMissing = false) ?? 1 }}`)).toBe(1);
    expect(await failure(`{{ kv('x') ?? 1 }}`, scopeOf({}, { kv }))).toContain(
      'there is no key "x". To allow that, write errorOnMissing=false.',
    );
  });

  it('read files and facts about them', async () => {
    const functions: ExpressionFunctions = {
      read: (path, options) => `${path} ${JSON.stringify(options)}`,
      fileURI: (path) => `kestra:///${path}`,
      fileSize: () => 12,
      fileExists: () => true,
      isFileEmpty: () => false,
    };
    expect(await with_(functions, `{{ read('a' ~ '.txt') }}`)).toBe('a.txt {}');
    expect(await with_(functions, `{{ read('a', 'ns', version=2) }}`)).toBe(
      'a {"namespace":"ns","version":2}',
    );
    expect(
      await with_(
        functions,
        `{{ [fileURI('a'), fileSize('a'), fileExists('a'), isFileEmpty('a', namespace='n')] }}`,
      ),
    ).toEqual(['kestra:///a', 12, true, false]);
  });

  it('read the environment, the error logs and the states of tasks', async () => {
    const functions: ExpressionFunctions = {
      env: (name) => (name === 'HOME' ? '/root' : undefined),
      errorLogs: () => [{ message: 'boom' }],
      tasksWithState: (state) => [{ taskId: 't', value: state }],
    };
    expect(await with_(functions, `{{ env('HOME') }} {{ env('X', default='d') }}`)).toBe('/root d');
    expect(await with_(functions, `{{ errorLogs()[0]['message'] }}`)).toBe('boom');
    expect(await with_(functions, `{{ tasksWithState('FAILED') | first }}`)).toEqual({
      taskId: 't',
      value: 'FAILED',
    });
    expect(await failure(`{{ env('X') }}`, scopeOf({}, functions))).toContain(
      'the environment variable "X" is not set',
    );
  });

  it('are an error where there is none', async () => {
    expect(await failure(`{{ secret('A') }}`)).toContain('"secret" is not available here');
    expect(await failure(`{{ errorLogs() }}`)).toContain('"errorLogs" is not available here');
  });
});

describe('functions of data', () => {
  it.each<[string, unknown]>([
    [`fromJson('{"a": [1, null]}').a`, [1, null]],
    [`json('[1]')[0]`, 1],
    [`fromJson(null)`, null],
    [`fromJson('{"__proto__": {"x": 1}, "b": 1}')`, { b: 1 }],
    [`toJson({"a": 1})`, '{"a":1}'],
    [`yaml('a: [1, x]').a`, [1, 'x']],
    [`max(1, 3, 2)`, 3],
    [`min(1.5, 3, 2)`, 1.5],
    [`max()`, null],
    [`max('a', 'b')`, 'b'],
    [`range(0, 6, 2)`, [0, 2, 4, 6]],
    [`range(3, 1, -1)`, [3, 2, 1]],
    [`range('c', 'a', -1)`, ['c', 'b', 'a']],
    [`range(1, 3)`, [1, 2, 3]],
  ])('%s is %j', async (source, expected) => {
    expect(await evaluate(`{{ ${source} }}`)).toEqual(expected);
  });

  it('refuse what is not JSON or YAML', async () => {
    expect(await failure(`{{ fromJson('{') }}`)).toContain('the text is not JSON');
    expect(await failure(`{{ fromJson([]) }}`)).toContain('"fromJson" needs a string, not a list');
    expect(await failure(`{{ yaml('a: [') }}`)).toContain('the text is not YAML');
  });

  it('make ids', async () => {
    const scope = scopeOf({}, {}, { uuid: () => 'the-uuid' });
    expect(await evaluateTemplate('{{ uuid() }}', scope)).toBe('the-uuid');
    expect(await evaluate('{{ uuid() }}')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await evaluate('{{ id() }}')).toMatch(/^[0-9A-Za-z]{22}$/);
    expect(await evaluate('{{ ksuid() }}')).toMatch(/^[0-9A-Za-z]{27}$/);
    expect(await evaluate('{{ nanoId() }}')).toMatch(/^[\w-]{21}$/);
    expect(await evaluate(`{{ nanoId(length=4, alphabet='ab') }}`)).toMatch(/^[ab]{4}$/);
    expect(await failure('{{ nanoId(length=0) }}')).toContain('the length must be');
    expect(await failure(`{{ nanoId(alphabet='') }}`)).toContain('the alphabet must not be empty');
  });

  it('make random numbers from the lower up to below the upper bound', async () => {
    expect(await evaluate('{{ randomInt(3, 4) }}')).toBe(3);
    expect(await evaluate('{{ randomInt(5, 5) }}')).toBe(5);
    expect(await failure('{{ randomInt(5, 4) }}')).toContain('"upper" must not be below "lower"');
    expect(await failure('{{ randomInt(0, 999999999999999) }}')).toContain('too far apart');
  });

  it('show the context without changing it', async () => {
    expect(await evaluate('{% set b = 2 %}{{ printContext() }}{{ fetchContext().a }}', { a: 1 })).toBe(
      '{"a":1,"b":2}1',
    );
  });

  it('find the output of the turn that runs', async () => {
    const outputs = { outer: { inner: 'both' }, inner: 'one' };
    const taskrun = { value: 'inner' };
    expect(await evaluate('{{ currentEachOutput(outputs) }}', { outputs, taskrun })).toBe('one');
    const parents = [{ taskrun: { value: 'outer' } }, {}];
    expect(await evaluate('{{ currentEachOutput(outputs) }}', { outputs, taskrun, parents })).toBe('both');
  });
});

describe('render', () => {
  const variables = {
    a: '{{ b }}',
    b: '{{ c }}',
    c: 'end',
    loop: '{{ loop }}',
    list: ['{{ c }}', 1],
    self: 'x{{ self }}',
  };

  it('renders again and again, renderOnce once', async () => {
    expect(await evaluate('{{ render(a) }}', variables)).toBe('end');
    expect(await evaluate('{{ renderOnce(a) }}', variables)).toBe('{{ c }}');
    expect(await evaluate('{{ render(a, recursive=false) }}', variables)).toBe('{{ c }}');
    expect(await evaluate('{{ render("plain") }}{{ render(5) }}', variables)).toBe('plain5');
  });

  it('renders inside lists and maps, keys too', async () => {
    expect(await evaluate('{{ render([a, list, {"{{ c }}": a}]) }}', variables)).toEqual([
      'end',
      ['end', 1],
      { end: 'end' },
    ]);
  });

  it('sees what was set, and what it sets stays inside', async () => {
    expect(
      await evaluate(`{% set d = 1 %}{{ render('{{ d }}{% raw %}{% set d = 2 %}{% endraw %}') }}{{ d }}`),
    ).toBe('11');
  });

  it('gives up on text that never ends', async () => {
    expect(await evaluate('{{ render(loop) }}', variables)).toBe('{{ loop }}');
    expect(await failure('{{ render(self) }}', scopeOf(variables))).toContain(
      'render() still finds expressions after 20 rounds',
    );
    const deep = { x: '{{ render(x) }}' };
    expect(await failure('{{ render(x) }}', scopeOf(deep))).toContain('render() is nested too deeply');
  });
});
