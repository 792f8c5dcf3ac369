import { InvalidPropertiesError } from '../../errors.js';
import { pinRefs } from '../pinned-refs.js';
import type { RemoteSession } from '../session.js';
import { resolveRevision } from '../snapshot/resolve-revision.js';
import type { CloneOptions, RemoteRefs } from '../types.js';

/** What a clone fetches, and what its `HEAD` and its remote-tracking branches are to be. */
export interface ClonePlan {
  /** The branch that `HEAD` names, or null when it is detached. */
  branch: string | null;
  /** The commit that is checked out; null in a repository without commits. */
  commit: string | null;
  wants: string[];
  /** Remote-tracking branches by their short names. */
  tracked: ReadonlyMap<string, string>;
  /** The tag that was asked for: kept whatever the rule for other tags. */
  tag: string | null;
  /** The remote's default branch, when it is among the tracked. */
  defaultBranch: string | null;
  fetchRefspec: string;
}

const heads = 'refs/heads/';
const everyBranch = '+refs/heads/*:refs/remotes/origin/*';

/**
 * Decides what to fetch. A commit goes before a tag, and both before the branch, which then only says what to track.
 * @throws BranchNotFoundError, RevisionNotFoundError, InvalidPropertiesError
 */
export async function planClone(
  session: RemoteSession,
  refs: RemoteRefs,
  options: CloneOptions,
): Promise<ClonePlan> {
  const { tag, commit, semver, allBranches, noTags } = options;
  const detached = commit !== undefined || tag !== undefined || semver !== undefined;
  if (noTags && tag !== undefined) {
    throw new InvalidPropertiesError('A tag cannot be cloned without tags.', { hint: 'Leave "noTags" out.' });
  }
  const branch = await chooseBranch(session, refs, options, detached);
  const tracked = new Map<string, string>();
  for (const [ref, oid] of refs.refs) {
    const name = ref.slice(heads.length);
    if (ref.startsWith(heads) && (allBranches || name === branch)) tracked.set(name, oid);
  }
  const found = detached ? await resolveDetached(session, refs, options) : null;
  const target = found?.oid ?? (branch === null ? refs.head?.oid : tracked.get(branch)) ?? null;
  const ownTag = commit === undefined ? (found?.name ?? null) : null;

  const tags = allBranches && !noTags ? [...refs.refs].filter(([ref]) => ref.startsWith('refs/tags/')) : [];
  const tagOid = ownTag === null ? undefined : refs.refs.get(`refs/tags/${ownTag}`);
  const wants = [tagOid ?? target, ...tracked.values(), ...tags.map(([, oid]) => oid)];
  const defaultBranch = refs.head?.ref?.slice(heads.length) ?? null;
  return {
    branch: detached ? null : branch,
    commit: target,
    wants: [...new Set(wants.filter((oid) => oid !== null))],
    tracked,
    tag: ownTag,
    defaultBranch: defaultBranch !== null && tracked.has(defaultBranch) ? defaultBranch : null,
    fetchRefspec: chooseRefspec(branch, ownTag, allBranches),
  };
}

/** The branch to follow; none when what is asked for is no branch, or the remote's `HEAD` is detached itself. */
async function chooseBranch(
  session: RemoteSession,
  refs: RemoteRefs,
  { branch }: CloneOptions,
  detached: boolean,
): Promise<string | null> {
  const known = pinRefs(session, refs);
  if (branch !== undefined) return (await resolveRevision(known, { branch })).name;
  if (detached) return null;
  if (refs.head === null && refs.refs.size > 0) await resolveRevision(known, {}); // says what is missing
  const ref = refs.head?.ref ?? null;
  return ref?.startsWith(heads) ? ref.slice(heads.length) : null;
}

function resolveDetached(session: RemoteSession, refs: RemoteRefs, { commit, tag, semver }: CloneOptions) {
  const known = pinRefs(session, refs);
  if (commit !== undefined) return resolveRevision(known, { commit });
  return resolveRevision(known, tag === undefined ? { semver } : { tag });
}

/** What a later `git fetch` brings: what this clone brought. */
function chooseRefspec(branch: string | null, tag: string | null, allBranches: boolean): string {
  if (allBranches) return everyBranch;
  if (branch !== null) return `+${heads}${branch}:refs/remotes/origin/${branch}`;
  return tag === null ? everyBranch : `+refs/tags/${tag}:refs/tags/${tag}`;
}
