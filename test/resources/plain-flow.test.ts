import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inspectFlow } from '../../src/resources/flow.js';
import { recognizePlainFlow } from '../../src/resources/plain-flow.js';
import { blockText, parsePlainYaml } from '../../src/resources/plain-yaml.js';
import { flowSource } from '../support/world.js';

const corpus = fileURLToPath(new URL('../../../shared/data/blueprints/flows', import.meta.url));
const ours = fileURLToPath(new URL('../../examples', import.meta.url));
const samples = [ours, ...(existsSync(corpus) ? [corpus] : [])].flatMap((directory) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => readFileSync(join(directory, name), 'utf8')),
);

/** What the full parser reads, with every text that could have come from a block scalar made equal. */
function agree(plain: unknown, full: unknown): boolean {
  if (plain === blockText && typeof full === 'string') return true;
  if (Array.isArray(plain)) {
    return (
      Array.isArray(full) &&
      plain.length === full.length &&
      plain.every((item, index) => agree(item, full[index]))
    );
  }
  if (typeof plain === 'object' && plain !== null) {
    const names = Object.keys(plain);
    if (typeof full !== 'object' || full === null || Object.keys(full).length !== names.length) return false;
    return names.every((name) =>
      agree((plain as Record<string, unknown>)[name], (full as Record<string, unknown>)[name]),
    );
  }
  return Object.is(plain, full);
}

function checkSound(source: string): void {
  const plain = parsePlainYaml(source);
  if (plain !== null)
    expect({ source, agrees: agree(plain, parse(source)) }).toEqual({ source, agrees: true });
  const flow = recognizePlainFlow(source);
  if (flow === null) return;
  const { id, namespace, problems } = inspectFlow(source);
  expect({ source, id, namespace, problems }).toEqual({ source, ...flow, problems: [] });
}

describe('plain flows', () => {
  it('are recognised when they look like most flows do', () => {
    expect(recognizePlainFlow(flowSource('company.team', 'a'))).toEqual({
      namespace: 'company.team',
      id: 'a',
    });
    const recognised = samples.filter((source) => recognizePlainFlow(source) !== null);
    expect(recognised.length).toBeGreaterThan(0);
  });

  it.each(samples.map((source) => [/^id: .*$/m.exec(source)?.[0] ?? 'a file', source]))(
    'agree with the full parser: %s',
    (_, source) => {
      checkSound(source);
    },
  );

  it('never accept what the full parser refuses or reads otherwise, however a flow is mangled', () => {
    const snippets = [
      '\n',
      ' ',
      '  ',
      ': ',
      ':',
      '- ',
      '-',
      '#',
      ' # x',
      '"',
      "'",
      '|',
      '>',
      '|-',
      '>+',
      '&a ',
      '*a',
      '!t ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '\t',
      '\r',
      '%',
      '@',
      '?',
      '? ',
      '---\n',
      '...\n',
      'id: x\n',
      'null',
      'true',
      'Yes',
      '0x1F',
      '1e3',
      '.5',
      '012',
      '1_000',
      '~',
      '<<: *a',
      '2024-01-01',
      '12:30',
      'a: b',
      '\n  - id: q\n',
      '\n\n   \n',
      '\u2028',
      '\ufeff',
      'é',
      '😀',
      '\\n',
      "''",
      '=',
      '\u00a0',
      '\u3000 # x',
    ];
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.nat(12),
      insert: fc.constantFrom('', ...snippets),
    });
    const property = fc.property(
      fc.constantFrom(...samples, flowSource('a.b', 'c')),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (source, edits) => {
        let mangled = source.slice(0, 1500);
        for (const { at, remove, insert } of edits) {
          const place = Math.floor(at * mangled.length);
          mangled = mangled.slice(0, place) + insert + mangled.slice(place + remove);
        }
        checkSound(mangled);
      },
    );
    fc.assert(property, { numRuns: 4000 });
  });

  it('never accept more than the full parser in documents made of lines', () => {
    const key = fc.constantFrom(
      'id',
      'namespace',
      'tasks',
      'type',
      'a',
      'b',
      'null',
      'True',
      '1',
      'x y',
      '"q"',
    );
    const value = fc.constantFrom(
      '',
      'x',
      'x y',
      '1',
      '-1',
      '01',
      '1.5',
      'true',
      'NULL',
      '"x"',
      "'it'",
      '"a" b',
      '|',
      '>-',
      '|2',
      '[a]',
      '{}',
      '# c',
      'x # c',
      'x#c',
      'a:b',
      'a: b',
      'a:',
      '- a',
      '0 9 * * *',
      '1 # 2',
      '1 2 # 3',
      'x  ',
      '@x',
      '%x',
      '/x',
      '$x',
      '(x)',
      '2024-01-01 10:00:00',
    );
    const line = fc
      .tuple(fc.nat(4), fc.constantFrom('', '- ', '-  ', '- - '), key, value)
      .map(([indent, dash, name, text]) => `${' '.repeat(indent)}${dash}${name}: ${text}`);
    const other = fc.constantFrom('', '   ', '# c', '  # c', '- x', '  - x', ' text', '   more text', '-');
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: line }, other), { maxLength: 8 }), (lines) =>
        checkSound(lines.join('\n')),
      ),
      { numRuns: 20_000 },
    );
  });
});
