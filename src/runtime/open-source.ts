import { createHash } from 'node:crypto';
import type * as z from 'zod';
import type { revision } from '../../schemas/transfer.js';
import { DirectoryNotFoundError, InvalidPropertiesError } from '../errors.js';
import type { GitEntry, Remote, Revision, SignatureCheck, Snapshot } from '../git/types.js';
import { ignoreFilesIn, loadIgnoreRules, relativePath } from '../plan/load-ignore-rules.js';
import type { IgnoreRules } from '../resources/ignore-rules.js';

type RevisionProperties = z.output<z.ZodObject<typeof revision>>;

/** A directory of a commit, as a sync reads it. */
export interface GitSource {
  /** Without what the ignore files name. */
  entries: readonly GitEntry[];
  /** What the ignore files name, and they themselves. */
  ignoredEntries: readonly GitEntry[];
  ignored: IgnoreRules;
}

/** `tag`, `commit` or `semver` take the branch's place; two of them contradict each other. */
export function revisionOf(properties: RevisionProperties): Revision {
  const { branch, tag, commit, semver } = properties;
  const given = Object.entries({ tag, commit, semver }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    throw new InvalidPropertiesError(
      `${given.map(([name]) => `"${name}"`).join(' and ')} cannot be given together.`,
      {
        hint: 'Keep one of them.',
      },
    );
  }
  return given.length === 0 ? { branch } : { tag, commit, semver };
}

/**
 * Opens the commit a sync reads. Nothing but refs is asked for yet. A sync into an empty scope will want all contents,
 * any other those that storage does not have.
 */
export function openRevision(
  remote: Remote,
  properties: RevisionProperties & { gitDirectory: string; verify?: SignatureCheck | undefined },
  { isEmpty }: { isEmpty: boolean },
): Promise<Snapshot> {
  const contents = isEmpty ? 'all' : 'none';
  const { gitDirectory: path, verify } = properties;
  return remote.openSnapshot(revisionOf(properties), { path, contents, verify });
}

/**
 * What a receipt says about signatures: where it holds, an earlier run found the same commit signed by one of the same
 * keys. Other keys, or another mode, look again.
 */
export function verifiedBy({ mode, keys }: SignatureCheck): string {
  return createHash('sha256')
    .update(JSON.stringify([mode, keys]))
    .digest('hex');
}

/** Which tag was to be signed; undefined where the commit itself is what is checked. */
export function signedTag(
  check: SignatureCheck | undefined,
  { revision, tag }: Snapshot,
): string | undefined {
  return check?.mode === 'TAG' ? `${revision} ${tag ?? ''}` : undefined;
}

/** Lists the directory a sync reads. With `failOnMissing: false` a missing directory is an empty one. */
export async function listSource(
  remote: Remote,
  snapshot: Snapshot,
  gitDirectory: string,
  failOnMissing: boolean,
): Promise<GitSource> {
  const entries = await snapshot.list(gitDirectory);
  if (entries === null && failOnMissing) {
    throw new DirectoryNotFoundError(
      `Directory "${gitDirectory || '.'}" does not exist in ${remote.url} at ${snapshot.revision} (${snapshot.commit.slice(0, 10)}).`,
      { hint: 'Check "gitDirectory" and the branch, or set "failOnMissingDirectory: false".' },
    );
  }
  const files = ignoreFilesIn(entries ?? [], gitDirectory);
  const ignored = await loadIgnoreRules(snapshot, files, gitDirectory);
  if (files.length === 0) return { entries: entries ?? [], ignoredEntries: [], ignored };
  const [kept, ignoredEntries]: [GitEntry[], GitEntry[]] = [[], []];
  for (const entry of entries ?? []) {
    const isIgnored = ignored(relativePath(gitDirectory, entry.path));
    (isIgnored ? ignoredEntries : kept).push(entry);
  }
  return { entries: kept, ignoredEntries, ignored };
}
