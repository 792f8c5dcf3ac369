import type { TreeEntry } from '../objects/parse-tree.js';
import type { ReadableObjects } from '../objects/store.js';
import type { GitEntry, GitLimits, PathChange } from '../types.js';
import { exceeded, readTree } from './walk.js';

export interface Comparison {
  /** In the order of their paths' bytes, as a listing has them. */
  changes: PathChange[];
  /** Trees of the later side that are not at hand; with any, the changes are incomplete. */
  missing: Set<string>;
}

/**
 * What differs below two trees; what is the same on both sides is not looked into.
 * @param before null where there was no directory
 * @returns null when a tree of the earlier side is not at hand
 * @throws LimitExceededError
 */
export function compareTrees(
  objects: ReadableObjects,
  before: string | null,
  after: string,
  path: string,
  limits: GitLimits,
): Comparison | null {
  const comparison: Comparison = { changes: [], missing: new Set() };
  let visited = 0;
  let complete = true;

  const entriesOf = (oid: string | null, directory: string, side: 'before' | 'after'): TreeEntry[] => {
    if (oid === null) return [];
    if (objects.has(oid)) return readTree(objects, oid, directory);
    if (side === 'after') comparison.missing.add(oid);
    else complete = false;
    return [];
  };

  const walk = (from: string | null, to: string | null, directory: string, depth: number): void => {
    if (from === to) return;
    if (depth > limits.maxTreeDepth) throw exceeded('maxTreeDepth', limits, 'directories within each other');
    const old = new Map(entriesOf(from, directory, 'before').map((entry) => [entry.name, entry]));
    const present = entriesOf(to, directory, 'after');
    visited += old.size + present.length;
    if (visited > 2 * limits.maxObjects) throw exceeded('maxObjects', limits, 'files and directories');
    for (const entry of present) {
      compare(old.get(entry.name) ?? null, entry, directory, depth);
      old.delete(entry.name);
    }
    for (const entry of old.values()) compare(entry, null, directory, depth);
  };

  const compare = (from: TreeEntry | null, to: TreeEntry | null, directory: string, depth: number): void => {
    if (from?.oid === to?.oid && from?.mode === to?.mode) return;
    const name = (to ?? from)?.name ?? '';
    const where = directory === '' ? name : `${directory}/${name}`;
    const files = { before: fileAt(from, where), after: fileAt(to, where) };
    if (files.before !== null || files.after !== null) comparison.changes.push({ path: where, ...files });
    walk(treeOf(from), treeOf(to), where, depth + 1);
  };

  walk(before, after, path, path === '' ? 0 : path.split('/').length);
  comparison.changes.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return complete ? comparison : null;
}

function treeOf(entry: TreeEntry | null): string | null {
  return entry?.mode === '40000' ? entry.oid : null;
}

function fileAt(entry: TreeEntry | null, path: string): GitEntry | null {
  if (entry === null || entry.mode === '40000') return null;
  return { path, oid: entry.oid, mode: entry.mode };
}
