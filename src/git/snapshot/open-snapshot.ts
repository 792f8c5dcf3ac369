import { splitRepositoryPath } from '../repository-path.js';
import type { RemoteSession, RemoteSnapshot } from '../session.js';
import type { Revision, SnapshotOptions } from '../types.js';
import { CommitSnapshot } from './commit-snapshot.js';
import { ObjectFetcher } from './object-fetcher.js';
import { resolveRevision } from './resolve-revision.js';

/** Finds a revision's commit. Nothing but refs is transferred yet, unless only the commit itself tells that it exists. */
export async function openSnapshot(
  session: RemoteSession,
  revision: Revision,
  { path, contents }: SnapshotOptions,
): Promise<RemoteSnapshot> {
  const parts = path === '' ? [] : splitRepositoryPath(path);
  const { oid, name } = await resolveRevision(session, revision);
  const snapshot = new CommitSnapshot(session, new ObjectFetcher(session), {
    commit: oid,
    revision: name,
    parts,
    contents,
    named: revision.commit === undefined,
  });
  if (revision.commit !== undefined) await snapshot.open();
  return snapshot;
}
