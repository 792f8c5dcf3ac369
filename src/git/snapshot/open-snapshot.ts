import { splitRepositoryPath } from '../repository-path.js';
import type { RemoteSession, RemoteSnapshot } from '../session.js';
import type { Revision, SignatureCheck, SnapshotOptions } from '../types.js';
import { CommitSnapshot } from './commit-snapshot.js';
import { ObjectFetcher } from './object-fetcher.js';
import { resolveRevision } from './resolve-revision.js';

/** Finds a revision's commit. Nothing but refs is transferred yet, unless only the commit itself tells that it exists. */
export async function openSnapshot(
  session: RemoteSession,
  revision: Revision,
  { path, contents, verify }: SnapshotOptions,
): Promise<RemoteSnapshot> {
  const parts = path === '' ? [] : splitRepositoryPath(path);
  const verifier = verify && (await openVerifier(verify, revision));
  const { oid, name, tag } = await resolveRevision(session, revision);
  const snapshot = new CommitSnapshot(session, new ObjectFetcher(session), {
    commit: oid,
    revision: name,
    tag,
    parts,
    contents,
    named: revision.commit === undefined,
    verify: verifier && ((fetcher) => verifier(fetcher, { url: session.url, commit: oid, name, tag })),
  });
  if (revision.commit !== undefined) await snapshot.open();
  return snapshot;
}

/** Loaded only where signatures are wanted. What is wrong with the keys is said before anything is asked for. */
async function openVerifier(check: SignatureCheck, revision: Revision) {
  const { revisionVerifier } = await import('./verify-revision.js');
  return revisionVerifier(check, revision);
}
