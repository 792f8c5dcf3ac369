import { parseCommit } from '../objects/parse-commit.js';
import { decodeRawTree, treeMode } from '../objects/raw-tree.js';
import type { ReadableObjects } from '../objects/store.js';
import type { KnownCommit } from './remote-memory.js';

/** Ids of all objects at hand that commits lead to, histories left out; blobs only when they are asked for. */
export function reachableObjects(
  objects: ReadableObjects,
  commits: readonly KnownCommit[],
  withBlobs: boolean,
): Set<string> {
  const reached = new Set<string>();
  const trees: string[] = [];
  for (const { commit } of commits) {
    const object = objects.get(commit);
    if (object?.type !== 'commit' || reached.has(commit)) continue;
    reached.add(commit);
    trees.push(parseCommit(object.data, commit).tree);
  }
  for (let oid = trees.pop(); oid !== undefined; oid = trees.pop()) {
    if (reached.has(oid)) continue;
    const object = objects.get(oid);
    if (object?.type !== 'tree') continue;
    reached.add(oid);
    for (const entry of decodeRawTree(object.data)) {
      if (entry.mode === treeMode) trees.push(entry.oid);
      else if (withBlobs) reached.add(entry.oid);
    }
  }
  return reached;
}
