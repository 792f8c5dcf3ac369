import { BranchNotFoundError, InvalidPropertiesError, RevisionNotFoundError } from '../../errors.js';
import type { RemoteSession } from '../session.js';
import type { RemoteRefs, Revision } from '../types.js';

export interface ResolvedRevision {
  /** A commit, or an annotated tag of one. */
  oid: string;
  /** As people call it: a branch, a tag, or the commit id. */
  name: string;
  /** The annotated tag that named it, when one did. */
  tag?: string;
}

const maxListedBranches = 20;

/**
 * Finds the commit that a revision means.
 * @throws BranchNotFoundError, RevisionNotFoundError, InvalidPropertiesError
 */
export async function resolveRevision(session: RemoteSession, revision: Revision): Promise<ResolvedRevision> {
  const { branch, tag, commit, semver } = revision;
  const given = Object.entries({ branch, tag, commit, semver }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    throw new InvalidPropertiesError(`"${given.map(([name]) => name).join('" and "')}" cannot be combined.`, {
      hint: 'Name the revision in one way.',
    });
  }
  if (branch !== undefined) return resolveBranch(session, branch);
  if (tag !== undefined) return resolveTag(session, tag);
  if (commit !== undefined) return resolveCommit(session, commit);
  if (semver !== undefined) return resolveRange(session, semver);
  return resolveDefault(session);
}

async function resolveDefault(session: RemoteSession): Promise<ResolvedRevision> {
  const { head } = await session.listRefs(['HEAD']);
  if (head) return { oid: head.oid, name: head.ref?.replace(/^refs\/heads\//, '') ?? 'HEAD' };
  throw new BranchNotFoundError(`${session.url} has no default branch.`, {
    hint: 'Push a first commit, or set "branch".',
  });
}

async function resolveBranch(session: RemoteSession, branch: string): Promise<ResolvedRevision> {
  const ref = branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
  const name = ref.replace(/^refs\/heads\//, '');
  const oid = (await session.listRefs([ref])).refs.get(ref);
  if (oid !== undefined) return { oid, name };

  const { refs } = await session.listRefs(['refs/heads/']);
  const branches = [...refs.keys()].map((existing) => existing.slice('refs/heads/'.length)).sort();
  const few = branches.length > 0 && branches.length <= maxListedBranches;
  const hint =
    branches.length === 0
      ? 'The repository has no commits yet.'
      : few
        ? `Branches that exist: ${branches.join(', ')}. Create it, or set "branch".`
        : `${branches.length} other branches exist. Create it, or set "branch".`;
  throw new BranchNotFoundError(`Branch ${JSON.stringify(name)} not found on ${session.url}.`, {
    hint,
    data: { branch: name, branches: few ? branches : null },
  });
}

async function resolveTag(session: RemoteSession, tag: string): Promise<ResolvedRevision> {
  const ref = tag.startsWith('refs/') ? tag : `refs/tags/${tag}`;
  const refs = await session.listRefs([ref]);
  const found = peeledTag(refs, ref);
  if (found !== null) return found;
  throw new RevisionNotFoundError(`Tag ${JSON.stringify(tag)} not found on ${session.url}.`, {
    hint: 'Create it, or set "tag".',
    data: { tag },
  });
}

async function resolveRange(session: RemoteSession, range: string): Promise<ResolvedRevision> {
  const { default: semver } = await import('semver');
  if (semver.validRange(range) === null) {
    throw new InvalidPropertiesError(`${JSON.stringify(range)} is not a range of versions.`, {
      hint: 'Write it like "^1.2.0", "1.x" or ">=1.0.0 <2.0.0".',
    });
  }
  const refs = await session.listRefs(['refs/tags/']);
  const tags = [...refs.refs.keys()].map((ref) => ref.slice('refs/tags/'.length));
  const best = semver.maxSatisfying(tags, range);
  const found = best === null ? null : peeledTag(refs, `refs/tags/${best}`);
  if (found !== null) return found;
  throw new RevisionNotFoundError(`No tag of ${session.url} is a version in ${JSON.stringify(range)}.`, {
    hint: 'Tags count when they are versions, such as "v1.2.3" or "1.2.3".',
    data: { range },
  });
}

async function resolveCommit(session: RemoteSession, commit: string): Promise<ResolvedRevision> {
  const oid = commit.toLowerCase();
  if (!/^[\da-f]{4,40}$/.test(oid)) {
    throw new InvalidPropertiesError(`${JSON.stringify(commit)} is not a commit id.`, {
      hint: 'Write 4 to 40 hexadecimal digits.',
    });
  }
  if (oid.length === 40) return { oid, name: oid };
  const { findAbbreviatedCommit } = await import('./abbreviated-commit.js');
  const full = await findAbbreviatedCommit(session, oid);
  return { oid: full, name: full };
}

function peeledTag(refs: RemoteRefs, ref: string): ResolvedRevision | null {
  const direct = refs.refs.get(ref);
  if (direct === undefined) return null;
  const oid = refs.peeled.get(ref);
  const name = ref.replace(/^refs\/tags\//, '');
  return oid === undefined ? { oid: direct, name } : { oid, name, tag: direct };
}
