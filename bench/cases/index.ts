import type { Arena } from '../arena.js';
import type { BenchCase } from '../contest.js';
import type { FileSet } from '../programs/contents.js';
import { cloneCase } from './clone.js';
import { coldSyncCase, coldSyncOf } from './cold-sync.js';
import { commandLineCase } from './command-line.js';
import { nextSyncCase } from './next-sync.js';
import { noChangeCase } from './no-change.js';
import { firstPushCase, pushCase } from './push.js';
import { nextScopedSyncCase, scopedSyncCase } from './scoped-sync.js';

const mebibyte = 1024 * 1024;

/** All cases. Names carry the full sizes, also where `--quick` makes them small. */
export function benchCases(arena: Arena): BenchCase[] {
  const files = (count: number): FileSet => ({ layout: 'files', count });
  const flows: FileSet = { layout: 'flows', count: 10_000 };
  const small: FileSet = files(arena.size(1_000));
  const history = { kind: 'history', set: small, commits: arena.size(10_000) } as const;
  const blobs = { kind: 'blobs', count: 10, bytes: arena.size(40) * mebibyte } as const;
  const like = (benchCase: BenchCase): BenchCase => ({ ...benchCase, likeAnother: true });
  return [
    coldSyncOf(arena, 'cold-sync-10000-memory', files(10_000), 'memory', { ratioToGit: 1 }),
    coldSyncOf(arena, 'cold-sync-10000-file', files(10_000), 'file', { ratioToGit: 1.5 }),
    like(coldSyncOf(arena, 'cold-sync-50000-memory', files(50_000), 'memory', { ratioToGit: 0.8 })),
    coldSyncOf(arena, 'cold-sync-flows-10000-memory', flows, 'memory', { ratioToGit: 1 }),
    scopedSyncCase(arena),
    nextScopedSyncCase(arena),
    nextSyncCase(arena, 'second-run-10-of-10000-changed', files(10_000), 10, { ratioToGit: 0.7 }),
    ...[10, 100, 1000].map((changed) =>
      like(nextSyncCase(arena, `changed-${changed}-of-50000`, files(50_000), changed, null)),
    ),
    ...[1_000, 10_000, 200_000].map((count) =>
      like(nextSyncCase(arena, `changed-10-of-${count}`, files(count), 10, null)),
    ),
    ...[1_000, 10_000, 50_000, 200_000].map((count) =>
      like(nextSyncCase(arena, `changed-10-of-${count}-flows`, { layout: 'flows', count }, 10, null)),
    ),
    noChangeCase(arena),
    pushCase(arena),
    firstPushCase(arena),
    cloneCase(arena, {
      name: 'clone-depth1-10000',
      spec: { kind: 'files', set: files(arena.size(10_000)) },
      depth: 1,
      target: { ratioToGit: 1.2 },
    }),
    like(
      coldSyncCase(arena, {
        name: 'memory-cold-sync-50000',
        spec: { kind: 'files', set: files(arena.size(50_000)) },
        written: arena.size(50_000),
        storage: 'memory',
        target: { peakRssMb: 250 },
        compared: false,
      }),
    ),
    commandLineCase(arena),
    coldSyncCase(arena, {
      name: 'deep-history',
      spec: history,
      written: small.count,
      storage: 'memory',
      target: null,
    }),
    like(cloneCase(arena, { name: 'deep-history-clone', spec: history, depth: 0, target: null })),
    coldSyncCase(arena, {
      name: 'large-blobs',
      spec: blobs,
      written: blobs.count,
      storage: 'memory',
      target: null,
      heavy: true,
    }),
    cloneCase(arena, { name: 'large-blobs-clone', spec: blobs, depth: 1, target: null, heavy: true }),
  ];
}
