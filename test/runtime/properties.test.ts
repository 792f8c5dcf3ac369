import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { connection, secret } from '../../schemas/connection.js';
import { bool, integer, stringList } from '../../schemas/property.js';
import { namespaceName } from '../../schemas/resources.js';
import { InvalidPropertiesError } from '../../src/errors.js';
import { createRunContext } from '../../src/runtime/create-context.js';
import { formatPath, resolveProperties, staticProblems } from '../../src/runtime/properties.js';
import { Task } from '../../src/runtime/task.js';
import { createMemoryStorage } from '../../src/storage/memory.js';

const properties = z.strictObject({
  url: z.string().min(1),
  branch: z.string().default('main'),
  namespace: namespaceName.default('{{ flow.namespace }}'),
  dryRun: bool().default(false),
  depth: integer(0, 100).default(1),
  files: stringList().optional(),
  mode: z.enum(['ALL', 'OWNED']).optional(),
  password: connection.password,
  auth: connection.auth,
  token: z.string().meta(secret).optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  tasks: z.array(z.unknown()).optional(),
});

class Sample extends Task<typeof properties, object> {
  static readonly type = 'test.Sample';
  static readonly title = 'A sample.';
  static readonly properties = properties;
  static readonly output = z.object({});
  static readonly examples = [];
  static readonly unrendered = ['tasks'];

  async run(): Promise<object> {
    return {};
  }
}

function contextWith(inputs: Record<string, unknown> = {}) {
  return createRunContext({
    storage: createMemoryStorage(),
    identity: { namespace: 'company.team', flowId: 'f', taskId: 'sample' },
    secrets: { TOKEN: 'correct-horse\n' },
    variables: { flow: { id: 'f', namespace: 'company.team' }, inputs },
  });
}

type Written = Record<string, unknown>;
const defaults = { url: 'x', branch: 'main', namespace: 'company.team', dryRun: false, depth: 1 };

function resolve(written: Written, context = contextWith()) {
  return resolveProperties(Sample, { url: 'x', ...written }, context);
}

async function refusal(written: Written, context = contextWith()): Promise<InvalidPropertiesError> {
  try {
    await resolve(written, context);
  } catch (error) {
    if (error instanceof InvalidPropertiesError) return error;
    throw error;
  }
  throw new Error('The properties were taken.');
}

describe('properties of a task', () => {
  it('have their defaults, expressions among them', async () => {
    expect(await resolve({})).toEqual(defaults);
  });

  it('are rendered, and read as what they are meant to be', async () => {
    const context = contextWith({ yes: true, text: 'true', five: 5, list: ['a', 'b'], map: { k: 1 } });
    const read = await resolve(
      {
        branch: 'release-{{ inputs.five }}',
        namespace: '{{ flow.namespace }}.child',
        dryRun: '{{ inputs.text }}',
        depth: '{{ inputs.five }}{{ inputs.five }}',
        files: ['{{ inputs.list[0] }}', 'x'],
        auth: { username: "{{ 'ada' }}" },
        config: { deep: [{ n: '{{ inputs.five }}' }], map: '{{ inputs.map }}' },
        tasks: ['{{ left.alone }}'],
      },
      context,
    );
    expect(read).toEqual({
      url: 'x',
      branch: 'release-5',
      namespace: 'company.team.child',
      dryRun: true,
      depth: 55,
      files: ['a', 'x'],
      auth: { username: 'ada' },
      config: { deep: [{ n: 5 }], map: { k: 1 } },
      tasks: ['{{ left.alone }}'],
    });
  });

  it.each([
    ['true', true],
    ['{{ true }}', true],
    ['{{ 1 < 2 }}', true],
    ["{{ 'FALSE' }}", false],
  ])('read %j as a boolean', async (dryRun, expected) => {
    expect(await resolve({ dryRun })).toEqual({ ...defaults, dryRun: expected });
  });

  it.each(['7', '{{ 7 }}', "{{ '7' }}", '{{ 3 + 4 }}', 7])('read %j as a whole number', async (depth) => {
    expect(await resolve({ depth })).toEqual({ ...defaults, depth: 7 });
  });

  it.each(['{{ inputs.list }}', '{{ inputs.list | toJson }}', '["a","b"]'])(
    'read %s as a list',
    async (files) => {
      const context = contextWith({ list: ['a', 'b'] });
      expect(await resolve({ files }, context)).toEqual({ ...defaults, files: ['a', 'b'] });
    },
  );

  it('print what an expression gives where a text is wanted', async () => {
    const context = contextWith({ n: 5, no: false, list: [1], at: new Date(0) });
    const written = {
      url: '{{ inputs.n }}',
      branch: '{{ inputs.no }}',
      token: '{{ inputs.list }}',
      auth: { username: '{{ inputs.at }}', password: '{{ inputs.n * 1000000 }}' },
      files: ['{{ inputs.n }}', 'x'],
    };
    expect(await resolve(written, context)).toEqual({
      ...defaults,
      url: '5',
      branch: 'false',
      token: '[1]',
      auth: { username: '1970-01-01T00:00:00.000Z', password: '5000000' },
      files: ['5', 'x'],
    });
    expect(context.redactor.redact('is 5000000')).toBe('is ******');
  });

  it('do not print what was written as something else', async () => {
    expect((await refusal({ branch: 5 })).data.problems).toEqual([
      { property: 'branch', message: 'must be a string, not a number (put it in quotes)' },
    ]);
  });

  it('count null as absent, also when an expression gives it, and in a property with properties', async () => {
    const context = contextWith({ nothing: null });
    const nothing = '{{ inputs.nothing }}';
    const written = {
      branch: null,
      namespace: nothing,
      dryRun: nothing,
      depth: null,
      auth: { username: null },
    };
    expect(await resolve(written, context)).toEqual({ ...defaults, auth: {} });
    expect(await resolve({ config: { key: null } })).toEqual({ ...defaults, config: { key: null } });
    expect((await refusal({ url: nothing }, context)).data.problems).toEqual([
      { property: 'url', message: 'is required' },
    ]);
  });
});

describe('problems with properties', () => {
  it('are all told at once', async () => {
    const error = await refusal({
      url: undefined,
      brnach: 'main',
      DryRun: true,
      whatever: 1,
      namespace: 'My Team',
      depth: 101,
      dryRun: 'maybe',
      mode: 'SOME',
      files: 5,
      auth: { pasword: 'x' },
    });
    expect(error.code).toBe('INVALID_PROPERTIES');
    expect(error.data).toEqual({
      problems: [
        { property: 'url', message: 'is required' },
        {
          property: 'namespace',
          message: 'must be lower-case letters, digits, "-" and "_", in parts separated by dots',
        },
        { property: 'dryRun', message: 'must be one of true, false' },
        { property: 'depth', message: 'must be at most 100' },
        {
          property: 'files',
          message: 'must be a string, not a number, or must be a list, not a number',
        },
        { property: 'mode', message: 'must be one of ALL, OWNED' },
        { property: 'auth.pasword', message: 'is not a property of this task; did you mean "password"?' },
        { property: 'brnach', message: 'is not a property of this task; did you mean "branch"?' },
        { property: 'DryRun', message: 'is not a property of this task; did you mean "dryRun"?' },
        { property: 'whatever', message: 'is not a property of this task' },
      ],
    });
    expect(error.message).toMatch(/^test\.Sample \(task "sample"\): "url" is required; .*\.$/);
  });

  it('hold no secret', async () => {
    const context = contextWith();
    const error = await refusal({ password: 'hunter2-hunter2', 'hunter2-hunter2': 1 }, context);
    expect(error.message).not.toContain('hunter2');
  });

  it('are those of the expression when it cannot be evaluated', async () => {
    await expect(resolve({ branch: '{{ nowhere.at.all }}' })).rejects.toMatchObject({
      code: 'EXPRESSION_ERROR',
    });
    await expect(resolve({ password: "{{ secret('NONE') }}" })).rejects.toMatchObject({
      code: 'SECRET_NOT_FOUND',
    });
  });
});

describe('secrets among the properties', () => {
  it('are masked from then on, nested ones and the user-info of URLs too', async () => {
    const context = contextWith();
    await resolve(
      {
        url: 'https://ada:url-pass@host/x',
        password: 'plain-password',
        token: "{{ secret('TOKEN') }}",
        auth: { apiToken: 'nested-token', username: 'not-secret' },
        config: { remotes: ['https://x:in-a-list@host'] },
      },
      context,
    );
    const shown = ['url-pass', 'plain-password', 'correct-horse', 'nested-token', 'in-a-list', 'not-secret'];
    expect(shown.map((text) => context.redactor.redact(text))).toEqual([
      ...Array(5).fill('******'),
      'not-secret',
    ]);
  });

  it('are masked even when the properties are refused', async () => {
    const context = contextWith();
    await refusal({ password: 'plain-password', token: 12345678, nope: 1 }, context);
    expect(context.redactor.redact('plain-password 12345678')).toBe('****** ******');
  });
});

describe('staticProblems', () => {
  const judge = (written: Written) => staticProblems(Sample, written);

  it('finds unknown names, missing properties and wrong values without rendering', () => {
    expect(judge({ brnach: '{{ inputs.branch }}', depth: -1, auth: { pasword: '{{ x }}' } })).toEqual([
      { path: ['url'], message: 'is required' },
      { path: ['depth'], message: 'must be at least 0' },
      { path: ['auth', 'pasword'], message: 'is not a property of this task; did you mean "password"?' },
      { path: ['brnach'], message: 'is not a property of this task; did you mean "branch"?' },
    ]);
  });

  it('does not judge what holds an expression', () => {
    const x = '{{ inputs.x }}';
    expect(judge({ url: x, namespace: x, dryRun: x, depth: x, files: [x, 5], mode: x, auth: x })).toEqual([]);
    expect(judge({ url: 'x', auth: { password: { of: x } }, tasks: [{ message: x }] })).toEqual([]);
  });

  it('counts null as absent', () => {
    expect(judge({ url: 'x', depth: null, auth: { username: null } })).toEqual([]);
    expect(judge({ url: null })).toEqual([{ path: ['url'], message: 'is required' }]);
  });
});

it.each([
  [['auth', 'password'], 'auth.password'],
  [['files', 0, 'name'], 'files[0].name'],
  [[1], '[1]'],
  [[], ''],
])('writes the path %j as %j', (path, text) => {
  expect(formatPath(path)).toBe(text);
});
