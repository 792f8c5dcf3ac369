import { commitAt } from '../../src/plan/commit-table.js';
import { loadState } from '../../src/plan/read-sync-state.js';
import { parseSyncId } from '../../src/plan/sync-records.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { createWorld, flowSource, type World } from '../support/world.js';

/** Some hundreds of such flows fill several pages of a sync's state. */
const longName = 'and-so-on-'.repeat(8);

/** A repository with two commits that differ in every flow; a tenth of the ids differs as well. */
export interface TwoCommits extends World {
  first: string;
  second: string;
}

export async function twoCommits(flows: number): Promise<TwoCommits> {
  const version = (name: string) =>
    Object.fromEntries(
      Array.from({ length: flows }, (_, index) => {
        const id = `${index % 10 === 0 ? name : 'flow'}-${index}-${longName}`;
        return [`_flows/${id}.yml`, flowSource('company.team', id, `# ${name}\n`)];
      }),
    );
  const world = await createWorld({ files: version('old') });
  const first = (await world.repository.tip()) ?? '';
  const gone = Object.fromEntries(Object.keys(version('old')).map((path) => [path, null]));
  const second = await world.repository.commit({ ...gone, ...version('new') });
  return { ...world, first, second };
}

/** How `everythingIn` writes a storage down. */
interface Reading {
  /** Left out where the number of runs is not known. */
  revisions?: boolean;
  /**
   * Commits stand in the rows of sync states, and not in a table, which may keep some that no row names any more until a
   * run sweeps it; that is no change, and neither is the revision it makes.
   */
  plainStates?: boolean;
}

/**
 * Everything that a storage holds, byte for byte, sync states included, as one text. Receipts are left out: they are
 * written by themselves and only shorten runs. So is the history, which tells when each run was.
 */
export async function everythingIn(
  storage: StorageAdapter,
  { revisions = true, plainStates = false }: Reading = {},
): Promise<string> {
  const found: unknown[] = [];
  for (const kind of ['flow', 'file', 'state'] as const) {
    const listed = await storage.list({ kind, namespace: '', children: true });
    const entries = listed.filter(({ key }) => kind !== 'state' || isOfState(key.id, plainStates));
    const contents = await storage.read(entries.map(({ key }) => key));
    for (const [index, { key, revision }] of entries.entries()) {
      const content = Buffer.from(contents[index]?.content ?? []).toString('latin1');
      const isPlain = kind === 'state' && plainStates;
      found.push([
        key,
        isPlain ? await plainState(storage, key.id) : content,
        revisions && !isPlain ? revision : null,
      ]);
    }
  }
  return JSON.stringify(found);
}

/** Whether a record is one of a sync's state, or, where states are wanted as such, a page of one. */
function isOfState(id: string, plainStates: boolean): boolean {
  return !/\.(receipt|runs)(\.\d+)?$/.test(id) && !(plainStates && /\.\d+$/.test(id));
}

/** What a state says, however its commits are numbered and its lines are laid into pages. */
async function plainState(storage: StorageAdapter, id: string): Promise<unknown> {
  const kind = parseSyncId(id)?.kind ?? 'flow';
  const { state, head } = await loadState(storage, { id, kind });
  const rows = [...state.byKey.values()].map(({ origin, ...row }) => ({
    ...row,
    commit: commitAt(state.commits, origin),
  }));
  return [head?.sync, state.commit, head?.reads, ...rows];
}
