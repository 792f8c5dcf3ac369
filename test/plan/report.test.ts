import { expect, it } from 'vitest';
import { formatRevision, jsonLines, pushRow, settledRows } from '../../src/plan/report.js';

it('writes a row per line', () => {
  expect(String(jsonLines(['a', 'b\n'], (name) => ({ name })))).toBe('{"name":"a"}\n{"name":"b\\n"}\n');
  expect(jsonLines([], (name) => ({ name }))).toHaveLength(0);
});

it('settles rows: what was deleted is gone, all else is unchanged', () => {
  const row = (gitPath: string, syncState: string) => `${JSON.stringify({ gitPath, syncState })}\n`;
  const tricky = ['"syncState":"DELETED"', 'a\u2028b', '\\"syncState\\":\\"ADDED\\"'];
  const rows = row('a', 'ADDED') + row('b', 'DELETED') + tricky.map((path) => row(path, 'UPDATED')).join('');
  expect(String(settledRows(Buffer.from(rows + row('c\u2028"', 'DELETED') + row('d', 'CONFLICT'))))).toBe(
    row('a', 'UNCHANGED') + tricky.map((path) => row(path, 'UNCHANGED')).join('') + row('d', 'UNCHANGED'),
  );
});

it('settles more rows than are looked at in one go', () => {
  const rows = Array.from({ length: 20_000 }, (_, at) => ({
    gitPath: `ä/${at}`,
    syncState: at % 3 ? 'ADDED' : 'DELETED',
  }));
  const kept = rows.filter(({ syncState }) => syncState === 'ADDED');
  const settled = settledRows(jsonLines(rows, (row) => row));
  expect(settled.equals(jsonLines(kept, ({ gitPath }) => ({ gitPath, syncState: 'UNCHANGED' })))).toBe(true);
});

it('gives a pushed file as Kestra does', () => {
  const change = {
    state: 'UPDATED' as const,
    key: { kind: 'flow' as const, namespace: 'team', id: 'a' },
    gitPath: '_flows/a.yml',
    before: 'x',
    after: 'y',
    additions: 10,
    deletions: 0,
    replaced: 3,
    note: null,
  };
  expect(pushRow(change)).toEqual({
    file: '_flows/a.yml',
    action: 'UPDATED',
    additions: '+10',
    deletions: '-0',
    changes: '3',
  });
});

it('names a revision by its commit', () => {
  expect([formatRevision('main', 'abc'), formatRevision('main', null)]).toEqual(['main@sha1:abc', null]);
});
