import { expect, it } from 'vitest';
import { formatRevision, jsonLines, pushRow, settledRows } from '../../src/plan/report.js';

it('writes a row per line', () => {
  expect(jsonLines(['a', 'b\n'], (name) => ({ name }))).toBe('{"name":"a"}\n{"name":"b\\n"}\n');
  expect(jsonLines([], (name) => ({ name }))).toBe('');
});

it('settles rows: what was deleted is gone, all else is unchanged', () => {
  const row = (gitPath: string, syncState: string) => `${JSON.stringify({ gitPath, syncState })}\n`;
  const tricky = ['"syncState":"DELETED"', 'a\u2028b', '\\"syncState\\":\\"ADDED\\"'];
  const rows = row('a', 'ADDED') + row('b', 'DELETED') + tricky.map((path) => row(path, 'UPDATED')).join('');
  expect(settledRows(rows + row('c\u2028"', 'DELETED') + row('d', 'CONFLICT'))).toBe(
    row('a', 'UNCHANGED') + tricky.map((path) => row(path, 'UNCHANGED')).join('') + row('d', 'UNCHANGED'),
  );
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
