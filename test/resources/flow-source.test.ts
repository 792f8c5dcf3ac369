import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inspectFlow } from '../../src/resources/flow.js';
import { moveNamespace } from '../../src/resources/flow-path.js';
import {
  rewriteNamespace,
  rewriteReferences,
  saysDraft,
  withoutRevision,
} from '../../src/resources/flow-source.js';

const tail = '\nid: a\ntasks:\n  - id: t\n    type: x\n    namespace: dev # of Kubernetes\n';

describe('rewriteNamespace', () => {
  const spellings: [name: string, before: string, after: string][] = [
    ['plain', 'namespace: dev', 'namespace: prod'],
    ['plain with a comment on the line', 'namespace: dev   # dev', 'namespace: prod   # dev'],
    ['plain with spaces behind it', 'namespace:  dev  ', 'namespace:  prod  '],
    ['behind a tab', 'namespace:\tdev\t# x', 'namespace:\tprod\t# x'],
    ['with a space before the colon', 'namespace : dev', 'namespace : prod'],
    ['on the next line', 'namespace:\n  dev', 'namespace:\n  prod'],
    [
      'on the next line, behind comments',
      'namespace: # dev\n  # dev\n  dev',
      'namespace: # dev\n  # dev\n  prod',
    ],
    ['single quoted', "namespace: 'dev'", "namespace: 'prod'"],
    ['double quoted', 'namespace: "dev"', 'namespace: "prod"'],
    ['double quoted with an escape', 'namespace: "de\\x76"', 'namespace: "prod"'],
    ['folded', 'namespace: >-\n  dev', 'namespace: >-\n  prod'],
    [
      'literal, with a comment in its header',
      'namespace: |- # dev\n  dev\n\n',
      'namespace: |- # dev\n  prod\n\n',
    ],
    ['literal with an indentation', 'namespace: |2-\n  dev', 'namespace: |2-\n  prod'],
    ['anchored', 'namespace: &dev dev', 'namespace: &dev prod'],
    ['tagged', 'namespace: !!str dev', 'namespace: !!str prod'],
    ['tagged and quoted', 'namespace: !!str "dev"', 'namespace: !!str "prod"'],
    ['anchored and tagged', 'namespace: &dev !!str dev # dev', 'namespace: &dev !!str prod # dev'],
    ['an alias', 'x: &n dev\nnamespace: *n # n', 'x: &n dev\nnamespace: prod # n'],
    ['an explicit key', '? namespace\n: dev', '? namespace\n: prod'],
    ['an explicit key with comments', '? namespace # x\n: # y\n  dev', '? namespace # x\n: # y\n  prod'],
    ['a quoted key', '"namespace": dev', '"namespace": prod'],
    ['a single quoted key', "'namespace':\n  dev", "'namespace':\n  prod"],
    ['a key with an escape', '"name\\x73pace": dev', '"name\\x73pace": prod'],
    ['an anchored key', '&k namespace: dev', '&k namespace: prod'],
    ['a tagged key', '!!str namespace: dev', '!!str namespace: prod'],
    ['behind a document start', '---\nnamespace: dev', '---\nnamespace: prod'],
    ['behind directives', '%YAML 1.2\n---\nnamespace: dev', '%YAML 1.2\n---\nnamespace: prod'],
    ['behind a byte-order mark', '\uFEFFnamespace: dev', '\uFEFFnamespace: prod'],
    ['behind a byte-order mark and quoted', '\uFEFF"namespace": dev', '\uFEFF"namespace": prod'],
    [
      'behind a block that holds such a line',
      'description: |\n  namespace: dev\nnamespace: dev',
      'description: |\n  namespace: dev\nnamespace: prod',
    ],
    [
      'behind a comment that holds such a line',
      '# namespace: dev\nnamespace: dev',
      '# namespace: dev\nnamespace: prod',
    ],
    [
      'behind astral characters',
      'description: "🦊🦊 \u{1F1E6} é"\n? namespace\n: dev # 🦊',
      'description: "🦊🦊 \u{1F1E6} é"\n? namespace\n: prod # 🦊',
    ],
    ['beside keys that begin like it', 'namespaces: dev\nnamespace: dev', 'namespaces: dev\nnamespace: prod'],
    [
      'behind nested ones',
      'labels:\n  namespace: dev\nx: {namespace: dev}\nnamespace: dev',
      'labels:\n  namespace: dev\nx: {namespace: dev}\nnamespace: prod',
    ],
    [
      'behind a line separator that is none in YAML',
      'description: a\u2028namespace: dev\nnamespace: dev',
      'description: a\u2028namespace: dev\nnamespace: prod',
    ],
  ];

  it.each(spellings)('edits the one token: %s', (_, before, after) => {
    expect(rewriteNamespace(before + tail, 'prod')).toBe(after + tail);
  });

  it.each(spellings)('keeps CRLF: %s', (_, before, after) => {
    const crlf = (text: string) => text.replaceAll('\n', '\r\n');
    expect(rewriteNamespace(crlf(before + tail), 'prod')).toBe(crlf(after + tail));
  });

  it.each(spellings)('needs no final newline: %s', (_, before, after) => {
    // A comment of the tail would end the scalar; here nothing does.
    const head =
      before.startsWith('%') || before.startsWith('---') || before.startsWith('\uFEFF') ? '' : 'id: a\n';
    expect(rewriteNamespace(head + before, 'prod')).toBe(head + after);
  });

  it.each(spellings)('leaves the source alone when nothing has to change: %s', (_, before) => {
    expect(rewriteNamespace(before + tail, 'dev')).toBe(before + tail);
  });

  it.each([
    '{id: a, namespace: dev, tasks: [{id: t, type: x, namespace: dev}]}',
    '{"id":"a","namespace":"dev","tasks":[]}',
    '{\n  "id": "a",\n  "namespace": "dev"\n}\n',
    '{\nx: {\nnamespace: other\n}, namespace: "dev"}',
    '# c\n  {\nx: {\nnamespace: other\n},\nnamespace: dev\n}',
    '!!map {\nx: {\nnamespace: other\n},\nnamespace: dev\n}',
    '  namespace: dev\n  x:\n    namespace: other\n',
  ])('edits roots in other styles: %j', (source) => {
    const rewritten = rewriteNamespace(source, 'prod');
    expect(parse(rewritten)).toEqual({ ...parse(source), namespace: 'prod' });
    expect(rewriteNamespace(rewritten, 'dev')).toBe(source);
  });

  it.each([
    '2024',
    '2024.05',
    '1e3',
    '0x1f',
    '0o17',
    '1_000',
    '2024-05-01',
    'null',
    'true',
    'on',
    'y',
    'no',
    'off',
  ])('quotes the namespace %s, so that every YAML reads text', (namespace) => {
    for (const before of ['namespace: dev', 'namespace: *n', '? namespace\n: dev']) {
      const rewritten = rewriteNamespace(`x: &n dev\n${before}${tail}`, namespace);
      expect(rewritten).toContain(`: "${namespace}"\n`);
      for (const version of ['1.1', '1.2'] as const) {
        expect(parse(rewritten, { version })).toMatchObject({ namespace });
      }
    }
  });

  it('quotes a namespace that stood as a number, and is then content', () => {
    const rewritten = rewriteNamespace(`namespace: 2024${tail}`, '2024');
    expect(rewritten).toBe(`namespace: "2024"${tail}`);
    expect(rewriteNamespace(rewritten, '2024')).toBe(rewritten);
  });

  it.each([
    'id: a\n',
    'id: a\nnamespace:\n',
    'namespace: # none\nid: a\n',
    'namespace: [a]\n',
    'namespace: {a: b}\n',
  ])('leaves what is no flow as it is: %j', (source) => {
    expect(rewriteNamespace(source, 'prod')).toBe(source);
  });

  it('never leaves half of a text of two lines', () => {
    expect(parse(rewriteNamespace('namespace: dev\n\n  more\nid: a\n', 'prod'))).toEqual({
      namespace: 'prod',
      id: 'a',
    });
  });
});

describe('rewriting a generated flow', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}(\.[a-z0-9_-]{1,6}){0,2}$/);
  const text = fc.constantFrom(
    'plain',
    'with: colon',
    'namespace: dev',
    '🦊 fox',
    "it's",
    '"q"',
    'a # b',
    '',
  );
  const block = fc
    .array(text, { minLength: 1, maxLength: 4 })
    .map((lines) => `|\n${lines.map((l) => `  ${l}\n`).join('')}`);
  const value = fc.oneof(
    text.map((one) => `${JSON.stringify(one)}\n`),
    block,
    fc.constant('\n  namespace: dev\n  list: [namespace, dev]\n'),
    fc.constant('{namespace: dev}  # namespace: dev\n'),
    fc.constant('\n- namespace: dev\n- dev\n'),
  );
  const entry = (namespace: string) =>
    fc.constantFrom(
      `namespace: ${namespace}\n`,
      `namespace:   ${namespace}   # ${namespace}\n`,
      `namespace: '${namespace}'\n`,
      `"namespace" : "${namespace}" # dev\n`,
      `? namespace\n: ${namespace}\n`,
      `namespace: >-\n   ${namespace}\n`,
      `namespace:\n    ${namespace}\n`,
      `namespace: !!str ${namespace}\n`,
      `namespace: &anchor ${namespace}\n`,
    );
  const flow = name.chain((namespace) =>
    fc.record({
      namespace: fc.constant(namespace),
      source: fc
        .tuple(
          fc.dictionary(fc.stringMatching(/^k[a-z]{1,5}$/), value, { maxKeys: 4 }),
          entry(namespace),
          fc.nat(4),
        )
        .map(([others, own, at]) => {
          const entries = Object.entries(others).map(([key, one]) => `${key}: ${one}`);
          return entries.toSpliced(at, 0, own, '# a comment\n').join('');
        }),
      bom: fc.boolean(),
      crlf: fc.boolean(),
      cut: fc.boolean(),
    }),
  );

  it('changes one region and no other value, and can be undone', () => {
    fc.assert(
      fc.property(flow, name, ({ namespace, source: made, bom, crlf, cut }, other) => {
        const lines = cut ? made.replace(/\n$/, '') : made;
        const source = (bom ? '\uFEFF' : '') + (crlf ? lines.replaceAll('\n', '\r\n') : lines);
        const rewritten = rewriteNamespace(source, other);
        expect(parse(rewritten)).toEqual({ ...parse(source), namespace: other });
        expectOneRegion(source, rewritten, namespace.length + 2);
        if (!otherwise.test(namespace) && !otherwise.test(other)) {
          expect(rewriteNamespace(rewritten, namespace)).toBe(source);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Names that YAML takes for something else; they come back quoted. */
const otherwise = /^(?:y|n|yes|no|on|off|true|false|null)$/;

function expectOneRegion(before: string, after: string, maxRemoved: number): void {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let last = 0;
  const rest = Math.min(before.length, after.length) - head;
  while (last < rest && before.at(-1 - last) === after.at(-1 - last)) last++;
  expect(before.length - head - last).toBeLessThanOrEqual(maxRemoved);
}

const corpus = join(import.meta.dirname, '../../../shared/data/blueprints/flows');

describe.runIf(existsSync(corpus))('the flows people really run', () => {
  it.each(existsSync(corpus) ? readdirSync(corpus) : [])('%s moves and comes back', (file) => {
    const source = readFileSync(join(corpus, file), 'utf8');
    const { namespace } = inspectFlow(source);
    const moved = rewriteNamespace(source, 'some.where-else');
    expect(parse(moved)).toEqual({ ...parse(source), namespace: 'some.where-else' });
    expectOneRegion(source, moved, String(namespace).length);
    expect(rewriteNamespace(moved, String(namespace))).toBe(source);
    expect(rewriteReferences(source, (one) => one)).toBe(source);
    expect(withoutRevision(source)).toBe(source);
    expect(saysDraft(source)).toBe(false);
  });
});

describe('withoutRevision', () => {
  it.each([
    ['in the middle', 'id: a\nrevision: 3\nnamespace: x\n', 'id: a\nnamespace: x\n'],
    ['with a comment', 'id: a\nrevision: 3 # by the server\nnamespace: x\n', 'id: a\nnamespace: x\n'],
    ['first, behind a byte-order mark', '\uFEFFrevision: 3\nid: a\n', '\uFEFFid: a\n'],
    ['last, without a newline', 'id: a\nrevision: 3', 'id: a\n'],
    ['with CRLF', 'id: a\r\nrevision: 3\r\nnamespace: x\r\n', 'id: a\r\nnamespace: x\r\n'],
    ['quoted', 'id: a\n"revision": "3"\nnamespace: x\n', 'id: a\nnamespace: x\n'],
    ['without a value', 'id: a\nrevision:\nnamespace: x\n', 'id: a\nnamespace: x\n'],
    ['on the next line', 'id: a\nrevision:\n  3\nnamespace: x\n', 'id: a\nnamespace: x\n'],
    ['as a block scalar', 'id: a\nrevision: >-\n  3\nnamespace: x\n', 'id: a\nnamespace: x\n'],
    [
      'as a block scalar with blank lines',
      'id: a\nrevision: |\n  3\n\n# c\nid2: x\n',
      'id: a\n\n# c\nid2: x\n',
    ],
    ['in an indented root', '  id: a\n  revision: 3\n  namespace: x\n', '  id: a\n  namespace: x\n'],
    [
      'in JSON',
      '{\n  "id": "a",\n  "revision": 3,\n  "namespace": "x"\n}\n',
      '{\n  "id": "a",\n  "namespace": "x"\n}\n',
    ],
    ['last in JSON', '{\n  "id": "a",\n  "revision": 3\n}\n', '{\n  "id": "a",\n}\n'],
  ])('drops the line: %s', (_, before, after) => {
    expect(withoutRevision(before)).toBe(after);
    expect(parse(after)).toEqual({ ...parse(before), revision: undefined });
  });

  it.each([
    'id: a\ntasks:\n  - revision: 3\n',
    'description: |\n  revision: 3\nid: a\n',
    '# revision: 3\nid: a\n',
    'revisions: 3\n',
    '{id: a, revision: 3}\n',
    '{\n  id: a,\n  revision: 3, namespace: x }\n',
    '{\n  id: a,\n  revision: 3\n  , namespace: x }\n',
    '{\n  id: a,\n  revision: 3 }\n',
    '? revision\n: 3\nid: a\n',
    '- revision\n',
    'revision',
  ])('leaves the rest alone: %j', (source) => {
    expect(withoutRevision(source)).toBe(source);
  });
});

describe('rewriteReferences', () => {
  const move = (namespace: string) => moveNamespace(namespace, 'dev', 'prod');

  it('follows subflows, triggers and their conditions, in their own spelling', () => {
    const source = `id: a
namespace: dev # the top-level one is not its business
tasks:
  - id: sub
    type: io.kestra.plugin.core.flow.Subflow
    namespace: 'dev' # dev
    flowId: b
  - id: group
    tasks:
      - { flowId: c, namespace: dev.child }
      - flowId: d
        namespace: >-
          dev
triggers:
  - id: after
    type: io.kestra.plugin.core.trigger.Flow
    conditions:
      - type: io.kestra.plugin.core.condition.ExecutionNamespace
        namespace: "dev"
    preconditions:
      flows:
        - namespace: dev.child
          flowId: b
`;
    expect(rewriteReferences(source, move)).toBe(`id: a
namespace: dev # the top-level one is not its business
tasks:
  - id: sub
    type: io.kestra.plugin.core.flow.Subflow
    namespace: 'prod' # dev
    flowId: b
  - id: group
    tasks:
      - { flowId: c, namespace: prod.child }
      - flowId: d
        namespace: >-
          prod
triggers:
  - id: after
    type: io.kestra.plugin.core.trigger.Flow
    conditions:
      - type: io.kestra.plugin.core.condition.ExecutionNamespace
        namespace: "prod"
    preconditions:
      flows:
        - namespace: prod.child
          flowId: b
`);
  });

  it.each([
    ['a Kubernetes namespace', 'tasks:\n  - id: pod\n    namespace: dev\n    spec: { namespace: dev }\n'],
    ['a namespace that only begins like it', 'tasks:\n  - { flowId: b, namespace: development }\n'],
    ['another namespace', 'tasks:\n  - { flowId: b, namespace: a.dev }\n'],
    ['an expression', 'tasks:\n  - { flowId: b, namespace: "{{ flow.namespace }}" }\n'],
    ['a list of triggers that is a task’s own', 'tasks:\n  - id: t\n    triggers:\n      - namespace: dev\n'],
    ['text', 'description: |\n  flowId: b\n  namespace: dev\n'],
    ['an alias, which follows its anchor', 'namespace: &n dev\ntasks:\n  - { flowId: b, namespace: *n }\n'],
    ['what is no text', 'tasks:\n  - { flowId: b, namespace: 5 }\n  - { flowId: b, namespace: [dev] }\n'],
  ])('leaves %s', (_, source) => {
    expect(rewriteReferences(source, move)).toBe(source);
  });
});

describe('saysDraft', () => {
  it.each([
    ['draft: true\n', true],
    ['"draft": true # yes\n', true],
    ['x: &t true\ndraft: *t\n', true],
    ['draft: false\n', false],
    ['draft: "true"\n', false],
    ['draft: yes\n', false],
    ['draft:\n', false],
    ['description: |\n  draft: true\n', false],
    ['labels:\n  draft: true\n', false],
    ['- draft\n', false],
    ['id: a\n', false],
  ])('reads %j as %s', (source, draft) => {
    expect(saysDraft(source)).toBe(draft);
  });
});
