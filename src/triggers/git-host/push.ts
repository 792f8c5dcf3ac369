/** A branch that somebody pushed to, in one form for all hosts. */
export interface Push {
  /** The addresses the host has for the repository. */
  urls: readonly string[];
  /** What the address ends in, from a host that may give none. */
  name?: string;
  branch: string;
  /** Null when the branch is new. */
  before: string | null;
  after: string;
  /**
   * What changed, as far as paths go; null when the host does not say everything. Then the push may have changed any
   * path.
   */
  paths: readonly string[] | null;
}

/** What a delivery tells. A branch that was deleted, a tag, or another event is nothing that a sync could bring. */
export type HostEvent = { kind: 'push'; pushes: Push[] } | { kind: 'ping' } | { kind: 'other'; name: string };

/** A commit as GitHub, GitLab and Gitea list it in a push. */
export interface ListedCommit {
  id: string;
  added: readonly string[];
  modified: readonly string[];
  removed: readonly string[];
}

/** A commit that lists this many paths may well have more. */
const maxListedPaths = 300;

/**
 * The paths of a list of commits; null when it cannot be all of what lies between `before` and `after`: the list does
 * not end at `after`, or a commit in it names nothing, as merges may, or suspiciously much.
 */
export function pathsOf(commits: readonly ListedCommit[], after: string): string[] | null {
  if (commits.length === 0 || !commits.some(({ id }) => id === after)) return null;
  const paths = new Set<string>();
  for (const { added, modified, removed } of commits) {
    const count = added.length + modified.length + removed.length;
    if (count === 0 || count >= maxListedPaths) return null;
    for (const path of [...added, ...modified, ...removed]) paths.add(path);
  }
  return [...paths].sort();
}

/** `main` of `refs/heads/main`; null for tags and whatever else is no branch. */
export function branchOf(ref: string): string | null {
  const prefix = 'refs/heads/';
  return ref.startsWith(prefix) && ref.length > prefix.length ? ref.slice(prefix.length) : null;
}

/** Hosts write zeros for what is not there. */
export function commitOrNull(id: string): string | null {
  return /^0*$/.test(id) ? null : id;
}
