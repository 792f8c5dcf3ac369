import { describe, expect, it } from 'vitest';
import { PagedLines } from '../../src/plan/pages/paged-lines.js';
import { joinLines } from '../../src/plan/sorted-lines.js';
import { formatStateLine } from '../../src/plan/state-line.js';
import { StateRows, tellsRows } from '../../src/plan/state-rows.js';
import type { SyncedResource } from '../../src/plan/sync-state.js';
import { createMemoryStorage } from '../../src/storage/memory.js';

function resource(id: string, further: Partial<SyncedResource> = {}): SyncedResource {
  const key = { kind: 'file', namespace: 'team', id } as const;
  return { gitPath: `_files/${id}`, key, gitOid: 'a', storedOid: 'b', ...further };
}

describe('rows that a state tells', () => {
  const resources = [resource('a'), resource('b "é"', { origin: 3 }), resource('c')];
  const lines = new PagedLines(createMemoryStorage(), 'owner', {
    inline: joinLines(resources, formatStateLine),
  });
  const rows = new StateRows(lines, { kind: 'file' }, ({ gitPath, key }) => ({ gitPath, of: key.id }));
  const textOf = (pieces: Iterable<Uint8Array>) => Buffer.concat([...pieces]).toString();
  const line = (id: string) => `${JSON.stringify({ gitPath: `_files/${id}`, of: id })}\n`;

  it('are one for each of its lines, as often as they are read', async () => {
    expect(await rows.read()).toBe(true);
    const pieces = rows.pieces();
    for (const _ of [1, 2]) expect(textOf(pieces)).toBe(line('a') + line('b "é"') + line('c'));
  });

  it('take changes by path', async () => {
    const changes = new Map([
      ['_files/a', null],
      ['_files/b "é"', '{"gitPath":"_files/b \\"é\\"","new":1}'],
      ['_files/bb', '{"gitPath":"_files/bb"}'],
    ]);
    expect(textOf(rows.pieces(changes))).toBe(
      `{"gitPath":"_files/b \\"é\\"","new":1}\n{"gitPath":"_files/bb"}\n${line('c')}`,
    );
    expect(await rows.find(['_files/c', '_files/d'])).toEqual(
      new Map([
        ['_files/c', line('c').trimEnd()],
        ['_files/d', null],
      ]),
    );
  });
});

describe('a state', () => {
  const changes = [
    { state: 'ADDED', ...resource('a') },
    { state: 'DELETED', ...resource('b') },
    { state: 'UNCHANGED', ...resource('c') },
  ] as const;

  it.each<[boolean, string, SyncedResource[]]>([
    [true, 'a line for each change that leaves something', [resource('a'), resource('c')]],
    [false, 'a line more', [resource('a'), resource('c'), resource('d')]],
    [false, 'a line less', [resource('a')]],
    [false, 'what goes', [resource('a'), resource('b'), resource('c')]],
    [false, 'another order', [resource('c'), resource('a')]],
    [false, 'another path', [resource('a'), { ...resource('c'), gitPath: 'c' }]],
    [false, 'another id', [resource('a'), { ...resource('c'), key: resource('d').key }]],
    [
      false,
      'another namespace',
      [resource('a'), { ...resource('c'), key: { ...resource('c').key, namespace: 'x' } }],
    ],
  ])('tells the rows: %s, with %s', (tells, _, resources) => {
    expect(tellsRows(resources, changes)).toBe(tells);
  });
});
