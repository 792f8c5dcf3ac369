import type { Snapshot } from '../git/types.js';
import type { SyncedCommit } from '../plan/commit-table.js';

/** A commit as the records of syncs keep it. */
export async function describeCommit(snapshot: Pick<Snapshot, 'commit' | 'describe'>): Promise<SyncedCommit> {
  const { author } = await snapshot.describe();
  return { oid: snapshot.commit, author: author.name, email: author.email, timestamp: author.timestamp };
}
