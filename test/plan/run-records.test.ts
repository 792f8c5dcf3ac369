import { describe, expect, it } from 'vitest';
import { changesOf, parseRuns, type RunRecord, recordRun, runsKey } from '../../src/plan/run-records.js';
import type { SyncIdentity } from '../../src/plan/sync-state.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { runOf } from './doubles.js';

const identity: SyncIdentity = {
  direction: 'SYNC',
  kind: 'flow',
  url: 'https://host/flows.git',
  revision: 'main',
  directory: '_flows',
  namespace: 'company.team',
  gitNamespace: 'company.team',
  children: true,
  rewrite: '',
};

async function record(runs: readonly Omit<RunRecord, 'count' | 'since'>[]): Promise<RunRecord[]> {
  const storage = createMemoryStorage();
  for (const run of runs) {
    await storage.apply({ changes: [await recordRun(storage, { id: 'sync', identity }, run)] });
  }
  const [stored] = await storage.read([runsKey('sync')]);
  return parseRuns(stored?.content ?? new Uint8Array()).runs;
}

const failure = (message: string) => ({
  code: 'BRANCH_NOT_FOUND' as const,
  message,
  hint: null,
  retryable: false,
});

describe('the runs of a sync', () => {
  it('are kept, the newest fifty of them', async () => {
    const runs = Array.from({ length: 60 }, (_, number) =>
      runOf(number, { changes: [['ADDED', `${number}`, 'x']] }),
    );
    const kept = await record(runs);
    expect(kept.map(({ changes }) => changes[0]?.[1])).toEqual(
      Array.from({ length: 50 }, (_, number) => String(number + 10)),
    );
  });

  it('share a line when they failed alike, or found nothing to change', async () => {
    const runs = [
      runOf(0, { outcome: 'FAILED', error: failure('no') }),
      runOf(1, { outcome: 'FAILED', error: failure('no') }),
      runOf(2, { outcome: 'FAILED', error: failure('no') }),
      runOf(3, { outcome: 'FAILED', error: failure('other') }),
      runOf(4, {}),
      runOf(5, {}),
      runOf(6, { changes: [['ADDED', 'a', 'x']] }),
      runOf(7, {}),
    ];
    expect((await record(runs)).map(({ at, since, count }) => [at, since ?? at, count])).toEqual([
      [runs[2]?.at, runs[0]?.at, 3],
      [runs[3]?.at, runs[3]?.at, 1],
      [runs[5]?.at, runs[4]?.at, 2],
      [runs[6]?.at, runs[6]?.at, 1],
      [runs[7]?.at, runs[7]?.at, 1],
    ]);
  });

  it('survive a damaged line', () => {
    const line = JSON.stringify({ ...runOf(1, {}), count: 1 });
    const content = `${JSON.stringify({ version: 1, sync: identity })}\n${line.slice(9)}\n${line}\nwhat\n`;
    expect(parseRuns(Buffer.from(content))).toMatchObject({
      sync: identity,
      runs: [{ at: runOf(1, {}).at }],
    });
    expect(parseRuns(Buffer.from(''))).toEqual({ sync: null, runs: [] });
  });

  it('list fifty of their changes, conflicts among them, and count the others', () => {
    const change = (number: number, state: 'ADDED' | 'CONFLICT' | 'UNCHANGED') => ({
      state,
      key: { kind: 'flow' as const, namespace: 'team', id: `f${number}` },
      gitPath: `${number}.yml`,
      before: null,
      after: null,
      ...{ additions: 0, deletions: 0, replaced: 0, note: null },
    });
    const states = ['CONFLICT', 'UNCHANGED', ...Array<'ADDED'>(60).fill('ADDED')] as const;
    const { changes, more } = changesOf({ changes: states.map((state, number) => change(number, state)) });
    expect([changes.length, more]).toEqual([50, 11]);
    expect(changes.slice(0, 2)).toEqual([
      ['CONFLICT', '0.yml', 'flow team/f0'],
      ['ADDED', '2.yml', 'flow team/f2'],
    ]);
  });
});
