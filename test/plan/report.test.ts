import { expect, it } from 'vitest';
import type { ChangeState, PlanChange } from '../../schemas/plan.js';
import {
  formatRevision,
  jsonLines,
  pushRow,
  type ReportedChange,
  remarks,
  syncRows,
} from '../../src/plan/report.js';

it('writes a row per line', () => {
  expect(String(jsonLines(['a', 'b\n'], (name) => ({ name })))).toBe('{"name":"a"}\n{"name":"b\\n"}\n');
  expect(jsonLines([], (name) => ({ name }))).toHaveLength(0);
});

it('reports every change, and what is left of them once they are settled', () => {
  const change = (state: ChangeState, id: string, merged?: true): PlanChange => ({
    state,
    key: { kind: 'file', namespace: 'team', id },
    gitPath: `d/${id}`,
    before: null,
    after: null,
    additions: 0,
    deletions: 0,
    replaced: 0,
    note: null,
    ...(merged && { merged }),
  });
  const changes = [
    change('ADDED', 'a'),
    change('DELETED', 'b'),
    change('UPDATED', 'c\n"', true),
    change('UNCHANGED', 'd'),
  ];
  const rowOf = (one: ReportedChange) => ({ id: one.key.id, state: one.state, ...remarks(one) });
  const rows = syncRows(changes, rowOf);
  const linesOf = (bytes: Iterable<Uint8Array>) =>
    Buffer.concat([...bytes])
      .toString()
      .split('\n');
  const expected = [
    '{"id":"a","state":"ADDED"}',
    '{"id":"b","state":"DELETED"}',
    '{"id":"c\\n\\"","state":"UPDATED","merged":true}',
    '{"id":"d","state":"UNCHANGED"}',
    '',
  ];
  expect(linesOf(rows.reported)).toEqual(expected);
  expect(linesOf([rows.settled()])).toEqual([
    '{"id":"a","state":"UNCHANGED"}',
    '{"id":"c\\n\\"","state":"UNCHANGED"}',
    '{"id":"d","state":"UNCHANGED"}',
    '',
  ]);
  // As often as somebody looks.
  expect(linesOf(rows.reported)).toEqual(expected);
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
