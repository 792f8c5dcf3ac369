import { describe, expect, it } from 'vitest';
import { execute, flowOf, memoryFiles } from './harness.js';

/** The inputs a flow sees, or the problems it reports. */
async function inputs(definitions: string, given: Record<string, unknown> = {}, secrets = {}) {
  const { execution, files } = await execute(
    flowOf(`
variables: { region: eu }
inputs: ${definitions}
tasks: [{ id: see, type: core.debug.Return, format: "{{ inputs | json }}" }]
`),
    { inputs: given, secrets },
  );
  if (execution.state === 'FAILED')
    return execution.error?.message.replace('Flow "test": ', '') ?? 'no error';
  return { seen: JSON.parse(String(execution.taskRuns[0]?.outputs.value)), execution, files };
}

async function value(type: string, given: unknown): Promise<unknown> {
  const result = await inputs(`[{ id: x, ${type} }]`, { x: given });
  return typeof result === 'string' ? result : result.seen.x;
}

describe('an input', () => {
  it.each([
    ['type: STRING', 'text', 'text'],
    ['type: string', 5, '5'],
    ['type: INT', '42', 42],
    ['type: INT', -3, -3],
    ['type: FLOAT', '1.5e3', 1500],
    ['type: FLOAT', 2, 2],
    ['type: BOOL', 'TRUE', true],
    ['type: BOOLEAN', false, false],
    ['type: DATETIME', '2026-01-31T10:00:00+02:00', '2026-01-31T08:00:00Z'],
    ['type: DATETIME', new Date('2026-01-31T10:00:00.5Z'), '2026-01-31T10:00:00.500Z'],
    ['type: DATE', '2026-02-28', '2026-02-28'],
    ['type: TIME', '23:59', '23:59'],
    ['type: DURATION', 'PT1H30M', 'PT1H30M'],
    ['type: DURATION', 90, 'PT90S'],
    ['type: URI', 'https://example.com/a', 'https://example.com/a'],
    ['type: FILE', 'memory://run/x', 'memory://run/x'],
    ['type: EMAIL', 'ada@example.com', 'ada@example.com'],
    ['type: JSON', '{"a":[1]}', { a: [1] }],
    ['type: JSON', [1, 2], [1, 2]],
    ['type: YAML', 'a: [1, 2]', { a: [1, 2] }],
    ['type: YAML', { a: 1 }, { a: 1 }],
    ['type: SELECT, values: [a, b]', 'b', 'b'],
    ['type: ENUM, values: [a, b], allowCustomValue: true', 'c', 'c'],
    ['type: SELECT, expression: "{{ [vars.region, \'us\'] }}"', 'us', 'us'],
    ['type: MULTISELECT, values: [a, b, c]', '["a","c"]', ['a', 'c']],
    ['type: MULTISELECT, values: [a, b, c]', 'b', ['b']],
    ['type: ARRAY, itemType: INT', '["1", 2]', [1, 2]],
    ['type: ARRAY', ['x'], ['x']],
    ['type: STRING, validator: "[a-z]+"', 'abc', 'abc'],
    ['type: INT, min: 1, max: 9', '9', 9],
    ['type: DATE, after: 2026-01-01, before: 2026-12-31', '2026-06-01', '2026-06-01'],
  ])('of %s reads %j as %j', async (type, given, expected) => {
    expect(await value(type, given)).toEqual(expected);
  });

  it.each([
    ['type: STRING', ['list'], 'must be a text'],
    ['type: INT', '4.2', 'must be a whole number'],
    ['type: INT', '9007199254740993', 'must be a whole number'],
    ['type: FLOAT', 'many', 'must be a number'],
    ['type: BOOL', 'yes', 'must be true or false'],
    ['type: DATETIME', '2026-01-31', 'must be a date and time with a zone, such as 2026-01-31T13:45:00Z'],
    ['type: DATE', '2026-02-30', 'must be a date of the calendar'],
    ['type: DATE', '31.1.2026', 'must be a date such as 2026-01-31'],
    ['type: TIME', '24:00', 'must be a time such as 13:45:00'],
    ['type: DURATION', 'an hour', 'must be an ISO 8601 duration such as PT30S'],
    ['type: URI', 'no uri', 'must be a URI'],
    ['type: FILE', '/etc/passwd', 'must be a URI'],
    ['type: EMAIL', 'nobody', 'must be an e-mail address'],
    ['type: JSON', '{', 'must be JSON'],
    ['type: YAML', 'a: [', 'must be YAML'],
    ['type: SELECT, values: [a, b]', 'c', 'must be one of a, b'],
    ['type: MULTISELECT, values: [a, b]', '["a","c"]', 'must be one of a, b'],
    ['type: ARRAY, itemType: INT', '[1, "x"]', 'item 2 must be a whole number'],
    ['type: ARRAY', '[1', 'must be a JSON list'],
    ['type: ARRAY', 5, 'must be a list'],
    ['type: STRING, validator: "[a-z]+"', 'abc1', 'must match [a-z]+'],
    ['type: STRING, validator: "("', 'a', 'has a validator that is not a regular expression'],
    ['type: INT, min: 1, max: 9', '0', 'must not be below 1'],
    ['type: INT, min: 1, max: 9', '10', 'must not be above 9'],
    ['type: DURATION, max: PT1M', 'PT2M', 'must not be above PT1M'],
    [
      'type: DATETIME, after: "2026-01-01T00:00:00Z"',
      '2025-01-01T00:00:00Z',
      'must not be before 2026-01-01T00:00:00Z',
    ],
    ['type: TIME, before: "12:00"', '13:00', 'must not be after 12:00'],
    ['type: MYSTERY', 'x', 'has the type "MYSTERY", which this engine does not have'],
  ])('of %s refuses %j', async (type, given, problem) => {
    expect(await value(type, given)).toBe(`input "x" ${problem}.`);
  });

  it('takes its default, rendered, then its prefill, when no value is given', async () => {
    const result = await inputs(`
  - { id: a, type: STRING, defaults: "in {{ vars.region }}" }
  - { id: b, type: STRING, prefill: from form }
  - { id: c, type: INT, defaults: 7, required: false }
  - { id: d, type: STRING, required: false }
  - { name: e, type: STRING, defaults: "{{ inputs.a }}!" }
`);
    expect(result).toMatchObject({ seen: { a: 'in eu', b: 'from form', c: 7, d: null, e: 'in eu!' } });
  });

  it('is never rendered when it comes from outside', async () => {
    const result = await inputs(
      '[{ id: a, type: STRING }]',
      { a: "{{ secret('TOKEN') }}" },
      { TOKEN: 'hidden-value' },
    );
    expect(result).toMatchObject({ seen: { a: "{{ secret('TOKEN') }}" } });
  });

  it('may stand in a map', async () => {
    expect(
      await inputs('[{ id: a.b, type: INT }, { id: a.c, type: INT }]', { 'a.b': 1, 'a.c': 2 }),
    ).toMatchObject({
      seen: { a: { b: 1, c: 2 } },
    });
  });

  it('is left out while what it depends on does not hold', async () => {
    const definitions = `
  - { id: detail, type: STRING, dependsOn: { inputs: [on], condition: "{{ inputs.on }}" } }
  - { id: more, type: STRING, dependsOn: { inputs: [detail, nobody] } }
  - { id: on, type: BOOL }
`;
    expect(await inputs(definitions, { on: false })).toMatchObject({ seen: { on: false } });
    expect(await inputs(definitions, { on: 'true', detail: 'x', more: 'y' })).toMatchObject({
      seen: { on: true, detail: 'x', more: 'y' },
    });
    expect(await inputs(definitions, { on: true, more: 'y' })).toBe('input "detail" is required.');
    const circle =
      '[{ id: a, type: INT, dependsOn: { inputs: [b] } }, { id: b, type: INT, dependsOn: { inputs: [a] } }]';
    expect(await inputs(circle, { a: 1, b: 2 })).toContain('depends on "a", which depends on it');
  });

  it('of bytes is stored and seen as a URI', async () => {
    const result = await inputs('[{ id: data, type: FILE }]', { data: new TextEncoder().encode('a,b') });
    expect(result).toMatchObject({ seen: { data: 'memory://run/inputs/data' } });
  });

  it('of type SECRET shows nowhere', async () => {
    const result = await inputs('[{ id: token, type: SECRET }]', { token: 'correct-horse' });
    expect(result).toMatchObject({
      execution: { inputs: { token: '******' }, taskRuns: [{ outputs: { value: '{"token":"******"}' } }] },
    });
  });

  it('reports every problem at once, each by name', async () => {
    const problems = await inputs(
      '[{ id: count, type: INT }, { id: who, type: STRING }, { id: x, type: STRING, defaults: "{{ nowhere }}" }]',
      { count: 'many', whoo: 'x' },
    );
    expect(problems).toMatch(
      /^input "whoo" is not an input of this flow; did you mean "who"\?; input "count" must be a whole number; input "who" is required; input "x" cannot be resolved/,
    );
    expect(await inputs('[]', { zzz: 1 })).toBe('input "zzz" is not an input of this flow.');
  });
});

it('files of the harness fail when they are not there', async () => {
  await expect(memoryFiles(new Map()).read('memory://run/none')).rejects.toThrow('no file');
});
