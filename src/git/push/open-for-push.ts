import { pinRefs } from '../pinned-refs.js';
import type { RemoteSession } from '../session.js';
import { openSnapshot } from '../snapshot/open-snapshot.js';
import type { SnapshotOptions } from '../types.js';
import { checkBranchName } from './branch-name.js';
import type { RemotePushBase } from './push-commit.js';

/**
 * What a push to `branch` builds upon: the branch; where it is missing the default branch's head, with `tip: null`;
 * in a repository without commits nothing.
 * @param load loads what the push itself takes: called while the remote answers
 * @throws InvalidPropertiesError when git would not create a branch of that name
 */
export async function openForPush(
  session: RemoteSession,
  branch: string,
  options: SnapshotOptions,
  load: () => Promise<unknown>,
): Promise<RemotePushBase> {
  checkBranchName(branch);
  const ref = `refs/heads/${branch}`;
  const asked = session.listRefs([ref]);
  // Who needs it loads it once more, and is told when it cannot be had.
  setImmediate(() => void load().catch(() => {}));
  const refs = await asked;
  const known = pinRefs(session, refs);
  const tip = refs.refs.get(ref) ?? null;
  if (tip !== null) return { branch, tip, snapshot: await openSnapshot(known, { branch }, options) };
  return { branch, tip, snapshot: refs.head === null ? null : await openSnapshot(known, {}, options) };
}
