import { CorruptPackError } from '../../errors.js';
import { addCommitSignature, encodeCommit } from '../objects/encode-commit.js';
import { hashObject } from '../objects/hash.js';
import type { PackEntry } from '../pack/write-pack.js';
import type { RemoteSnapshot } from '../session.js';
import type { CommitRequest, FileChange } from '../types.js';
import { type BuiltTree, buildTree, emptyTree, type TreeReader } from './build-tree.js';
import { groupByDirectory } from './directory-changes.js';

export interface BuiltCommit {
  oid: string;
  tree: string;
  /** The commit and what it brings: new trees and blobs. */
  entries: PackEntry[];
}

/**
 * Makes a commit in memory, on top of a snapshot or as the first one of a repository.
 * @param trees what {@link buildTrees} made of the same changes
 * @returns null when the changes leave the tree as it is
 * @throws UnsafePathError, InvalidPropertiesError
 */
export async function buildCommit(
  parent: RemoteSnapshot | null,
  request: CommitRequest,
  trees: Promise<BuiltTree> = buildTrees(parent, request.changes),
): Promise<BuiltCommit | null> {
  const { oid: tree, objects } = await trees;
  const rootTree = (await parent?.rootTree()) ?? null;
  if (tree === (rootTree ?? emptyTree)) return null;

  const unsigned = encodeCommit({
    tree,
    parents: parent === null ? [] : [parent.commit],
    author: request.author,
    committer: request.committer ?? request.author,
    message: request.message,
  });
  const content =
    request.sign === undefined ? unsigned : addCommitSignature(unsigned, await request.sign(unsigned));
  return {
    oid: hashObject('commit', content),
    tree,
    entries: [{ type: 'commit', content }, ...objects.values()],
  };
}

/**
 * The trees of a snapshot after changes.
 * @throws UnsafePathError, InvalidPropertiesError
 */
export async function buildTrees(
  parent: RemoteSnapshot | null,
  changes: readonly FileChange[],
): Promise<BuiltTree> {
  const grouped = groupByDirectory(changes);
  const rootTree = (await parent?.rootTree()) ?? null;
  return buildTree({ rootTree, changes: grouped, readTree: reader(parent) });
}

/** Trees as the snapshot has them; one that it has not fetched yet comes when its directory is asked for. */
function reader(parent: RemoteSnapshot | null): TreeReader {
  return async (directory, oid) => {
    if (parent?.objects.has(oid) === false) await parent.tree(directory);
    const object = parent?.objects.get(oid);
    if (object?.type !== 'tree') {
      throw new CorruptPackError(`The remote did not send the directory ${JSON.stringify(directory)}.`);
    }
    return object.data;
  };
}
