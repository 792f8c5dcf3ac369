import { BranchNotFoundError } from '../../errors.js';
import type { RemoteSession } from '../session.js';
import type { SnapshotOptions } from '../types.js';
import { checkBranchName } from './branch-name.js';
import type { RemotePushBase } from './push-commit.js';

/**
 * What a push to `branch` builds upon: the branch; where it is missing the default branch's head, with `tip: null`;
 * in a repository without commits nothing.
 * @throws InvalidPropertiesError when git would not create a branch of that name
 */
export async function openForPush(
  session: RemoteSession,
  branch: string,
  options: SnapshotOptions,
): Promise<RemotePushBase> {
  checkBranchName(branch);
  try {
    const snapshot = await session.openSnapshot({ branch }, options);
    return { branch, tip: snapshot.commit, snapshot };
  } catch (error) {
    if (!(error instanceof BranchNotFoundError)) throw error;
  }
  const { head } = await session.listRefs(['HEAD']);
  if (head === null) return { branch, tip: null, snapshot: null };
  return { branch, tip: null, snapshot: await session.openSnapshot({}, options) };
}
