import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatProblem, inspectFlow } from '../../src/resources/flow.js';

const minimal = 'id: a\nnamespace: company.team\ntasks:\n  - id: t\n    type: core.log.Log\n';

function problems(source: string): string[] {
  return inspectFlow(source).problems.map(formatProblem);
}

describe('inspectFlow', () => {
  it('tells what a valid flow is', () => {
    expect(inspectFlow(`${minimal}draft: true\n`)).toEqual({
      id: 'a',
      namespace: 'company.team',
      draft: true,
      wellFormed: true,
      definition: {
        id: 'a',
        namespace: 'company.team',
        draft: true,
        tasks: [{ id: 't', type: 'core.log.Log' }],
      },
      problems: [],
    });
  });

  it.each([
    ['id: 007', '007'],
    ['id: 1e3', '1e3'],
    ['id: true', 'true'],
    ['id: 0x1F # hex', '0x1F'],
    ['id: "007"', '007'],
    ['id: >-\n  a', 'a'],
    ['x: &x b\nid: *x', 'b'],
    ['id: !!str 5', '5'],
    ['? id\n: c', 'c'],
  ])('takes an id as it is written: %j', (line, id) => {
    const inspection = inspectFlow(minimal.replace('id: a', line));
    expect(inspection.problems).toEqual([]);
    expect(inspection.id).toBe(id);
    expect(inspection.definition?.id).toBe(id);
  });

  it('takes a namespace of digits as a name', () => {
    const inspection = inspectFlow(minimal.replace('company.team', '2024.05'));
    expect([inspection.namespace, inspection.definition?.namespace]).toEqual(['2024.05', '2024.05']);
  });

  it.each([
    ['', ['1:1: Not a flow: the file is empty']],
    ['# only a comment\n', ['1:1: Not a flow: the file is empty']],
    ['- a\n', ['1:1: Not a flow: the file does not hold a map']],
    ['just text\n', ['1:1: Not a flow: the file does not hold a map']],
    ['42', ['1:1: Not a flow: the file does not hold a map']],
    [
      `${minimal}---\n${minimal}`,
      ['6:1: Source contains multiple documents; please use YAML.parseAllDocuments()'],
    ],
    [`${minimal}id: b\n`, ['6:1: the key "id" stands twice in its map']],
    [
      `${minimal}labels:\n  x: 1\n  "x": 2\n  y: 1\n  x: 3\n`,
      ['8:3: the key "x" stands twice in its map', '10:3: the key "x" stands twice in its map'],
    ],
    [`${minimal}labels: *none\n`, ['6:9: the alias "*none" has no anchor before it']],
    ['id: a\ntasks:\n\t- id: t\n', ['3:1: Tabs are not allowed as indentation']],
    ['id: a\r\nnamespace: b\r\ntasks:\r\n  - id: t\r\n', ['4:5: tasks[0].type: is required']],
    [
      'id: a b\nnamespace: Big\ntasks: []\n',
      [
        '1:5: id: must start with a letter or digit and hold only letters, digits, ".", "_" and "-"',
        '2:12: namespace: must be lower-case letters, digits, "-" and "_", in parts separated by dots',
        '3:8: tasks: must not be empty',
      ],
    ],
    [`${minimal}  - id: t\n    type: x\n`, ['6:9: tasks[1].id: the task id "t" is used twice in this flow']],
    ['id:\nnamespace: b\ntasks: [{id: t, type: x}]\n', ['1:4: id: must be a string, not empty']],
    ['namespace: b\ntasks: [{id: t, type: x}]\n', ['1:1: id: is required']],
    [
      'x: &x { id: a, namespace: b }\n<<: *x\ntasks: [{id: t, type: x}]\n',
      ['1:1: id and namespace: must stand in the flow itself, not in a map that it merges'],
    ],
    [
      'x: &x { namespace: b }\nid: a\n<<: *x\ntasks: [{id: t, type: x}]\n',
      ['1:1: namespace: must stand in the flow itself, not in a map that it merges'],
    ],
    ['<<: 5\nid: a\n', ['1:1: Merge sources must be maps or map aliases']],
  ])('says what is wrong in %j, and where', (source, expected) => {
    expect(problems(source)).toEqual(expected);
  });

  it.each(['id: a\ntasks: [\n', 'id: a\ntasks:\n - }\n', 'id: a\nx: *none\n', 'id: a\nx: "open\n'])(
    'finds the id of a flow that is not well-formed: %j',
    (source) => {
      const { id, wellFormed, definition } = inspectFlow(source);
      expect({ id, wellFormed, definition }).toEqual({ id: 'a', wellFormed: false, definition: null });
    },
  );

  it('says that a flow with a wrong task is YAML all the same', () => {
    expect(inspectFlow('id: a\nnamespace: b\ntasks: 5\n')).toMatchObject({
      wellFormed: true,
      definition: null,
    });
  });

  it('does not unfold an alias bomb', () => {
    const levels = 'bcdefghij'.split('').map((name, index) => {
      const aliases = Array.from({ length: 9 }, () => `*${'abcdefghij'[index]}`);
      return `${name}: &${name} [${aliases.join(',')}]\n`;
    });
    expect(problems(`a: &a [1]\n${levels.join('')}`)).toEqual([
      '1:1: Excessive alias count indicates a resource exhaustion attack',
    ]);
  });

  it.each([
    ['lists', '['],
    ['maps', '{a: '],
    ['block lists', '- '],
  ])('survives %s within each other ten thousand times', (_, open) => {
    expect(inspectFlow(open.repeat(10_000)).definition).toBeNull();
  });

  it('reads two megabytes, and as many keys as fit in one', () => {
    const text = `${minimal}description: |\n${'  a line of text that says nothing\n'.repeat(60_000)}`;
    expect(inspectFlow(text).problems).toEqual([]);
    const keys = Array.from({ length: 20_000 }, (_, index) => `  key_${index}: value\n`).join('');
    expect(inspectFlow(`${minimal}labels:\n${keys}`).problems).toEqual([]);
  });
});

describe('inspectFlow with anything', () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  beforeEach(() => process.on('warning', listen));
  afterEach(() => process.off('warning', listen));

  const words = fc.constantFrom(
    ...[
      'id',
      ': ',
      'a',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '&a ',
      '*a',
      '!!str ',
      '!x ',
      '| ',
      '>-',
    ],
    ...[
      '? ',
      '<<: ',
      '---\n',
      '...\n',
      '%YAML 1.1\n',
      '#',
      '\t',
      '\r\n',
      '\uFEFF',
      '\u2028',
      'namespace',
      'tasks',
      '~',
    ],
    ...['__proto__', 'constructor', '!!binary ', '!!set ', '!!omap ', '2024-01-01', '.nan', '\ud800', '\0'],
  );
  const source = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 40 }).map((parts) => parts.join('')),
    fc
      .tuple(fc.nat(minimal.length), fc.nat(3), fc.array(words, { maxLength: 3 }))
      .map(([at, cut, parts]) => minimal.slice(0, at) + parts.join('') + minimal.slice(at + cut)),
  );

  it('throws nothing, warns of nothing, and has a definition or a problem in the text', async () => {
    fc.assert(
      fc.property(source, (text) => {
        const { definition, problems: found, id, namespace } = inspectFlow(text);
        expect(definition === null).toBe(found.length > 0);
        if (definition !== null) expect([definition.id, definition.namespace]).toEqual([id, namespace]);
        const lines = text.split('\n');
        for (const { line, column, message } of found) {
          expect(message).not.toMatch(/\n|^$/);
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 2);
        }
      }),
      { numRuns: 2000 },
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });
});
