import { RevisionNotFoundError } from '../../errors.js';
import { splitRepositoryPath } from '../repository-path.js';
import type { RemoteSession, RemoteSnapshot } from '../session.js';
import type { Revision, SnapshotOptions } from '../types.js';
import { CommitSnapshot } from './commit-snapshot.js';
import { fetchScope } from './fetch-scope.js';
import { isRefusal, ObjectFetcher } from './object-fetcher.js';
import { resolveRevision } from './resolve-revision.js';
import { openCommit } from './walk.js';

/** Finds a revision's commit and transfers what `options` ask for. */
export async function openSnapshot(
  session: RemoteSession,
  revision: Revision,
  { path, contents }: SnapshotOptions,
): Promise<RemoteSnapshot> {
  const parts = path === '' ? [] : splitRepositoryPath(path);
  const { oid, name } = await resolveRevision(session, revision);
  const fetcher = new ObjectFetcher(session);
  try {
    await fetchScope(fetcher, oid, parts, contents);
  } catch (error) {
    if (revision.commit === undefined || !isRefusal(error)) throw error;
    throw new RevisionNotFoundError(`Commit ${oid} cannot be had from ${session.url}.`, {
      hint: 'Check the id. Some servers send only commits that a branch or a tag points at.',
      data: { commit: oid },
      cause: error,
    });
  }
  return new CommitSnapshot(session, fetcher, name, openCommit(fetcher.objects, oid));
}
