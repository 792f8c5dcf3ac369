import { LimitExceededError, RemoteError, RevisionNotFoundError } from '../../errors.js';
import { type ParsedCommit, parseCommit, parseTag } from '../objects/parse-commit.js';
import { parseTree, type TreeEntry, visitTree } from '../objects/parse-tree.js';
import type { GitObject, ReadableObjects } from '../objects/store.js';
import type { GitEntry, GitLimits } from '../types.js';

const maxTagDepth = 16;

/** The commit itself or the one that an annotated tag leads to. */
export function openCommit(objects: ReadableObjects, oid: string): ParsedCommit & { oid: string } {
  let current = oid;
  for (let depth = 0; depth < maxTagDepth; depth++) {
    const { type, data } = require(objects, current);
    if (type === 'commit') return { oid: current, ...parseCommit(data, current) };
    if (type !== 'tag') {
      throw new RevisionNotFoundError(`${oid} is a ${type}, not a commit.`, {
        hint: 'Name a commit.',
        data: { oid },
      });
    }
    current = parseTag(data, current).object;
  }
  throw new RevisionNotFoundError(`The tag ${oid} leads from tag to tag without end.`, { data: { oid } });
}

/** What stands at `path` below a tree whose directories are at hand; null when nothing does. */
export function findPath(
  objects: ReadableObjects,
  tree: string,
  path: readonly string[],
): Pick<TreeEntry, 'mode' | 'oid'> | null {
  let found: Pick<TreeEntry, 'mode' | 'oid'> = { mode: '40000', oid: tree };
  for (const [index, name] of path.entries()) {
    if (found.mode !== '40000') return null;
    const entry = readTree(objects, found.oid, path.slice(0, index).join('/')).find(
      (other) => other.name === name,
    );
    if (entry === undefined) return null;
    found = entry;
  }
  return found;
}

/**
 * The tree at `path` in a commit that may have been brought; null when nothing was there, undefined when that cannot be
 * told.
 */
export function earlierDirectory(
  objects: ReadableObjects,
  commit: string,
  path: readonly string[],
): string | null | undefined {
  if (objects.get(commit)?.type !== 'commit') return undefined;
  let { tree } = openCommit(objects, commit);
  for (const name of path) {
    if (!objects.has(tree)) return undefined;
    const found = findPath(objects, tree, [name]);
    if (found === null) return null;
    if (found.mode !== '40000') return undefined;
    tree = found.oid;
  }
  return tree;
}

export function readTree(objects: ReadableObjects, oid: string, where: string): TreeEntry[] {
  return parseTree(treeData(objects, oid), where);
}

function treeData(objects: ReadableObjects, oid: string): Uint8Array {
  const { type, data } = require(objects, oid);
  if (type === 'tree') return data;
  throw new RemoteError(`The object ${oid} is a ${type} where a directory should be.`, { data: { oid } });
}

/** Whether all files below a tree have one of these contents. Looks no further than the first that has not. */
export function holdsOnly(objects: ReadableObjects, tree: string, contents: ReadonlySet<string>): boolean {
  // A set takes what is added while it is gone through, each once.
  const trees = new Set([tree]);
  for (const oid of trees) {
    if (!objects.has(oid)) return false;
    for (const entry of readTree(objects, oid, '')) {
      if (entry.mode === '40000') trees.add(entry.oid);
      else if (entry.mode.startsWith('100') && !contents.has(entry.oid)) return false;
    }
  }
  return true;
}

export interface Listing {
  /** In git's order, which is that of the paths' bytes. */
  entries: GitEntry[];
  /** Directories whose trees are not at hand; with any, the entries are incomplete. */
  missing: Set<string>;
}

/**
 * Every file below a tree.
 * @throws LimitExceededError; few trees may name each other often enough to make a listing without end
 */
export function listTree(objects: ReadableObjects, tree: string, path: string, limits: GitLimits): Listing {
  const listing: Listing = { entries: [], missing: new Set() };
  let visited = 0;
  const walk = (oid: string, directory: string, depth: number): void => {
    if (visited > limits.maxObjects) throw exceeded('maxObjects', limits, 'files and directories');
    if (depth > limits.maxTreeDepth) throw exceeded('maxTreeDepth', limits, 'directories within each other');
    if (!objects.has(oid)) {
      listing.missing.add(oid);
      return;
    }
    const prefix = directory === '' ? '' : `${directory}/`;
    visitTree(treeData(objects, oid), directory, (mode, name, oid) => {
      visited++;
      const path = prefix + name;
      if (mode === '40000') walk(oid, path, depth + 1);
      else listing.entries.push({ path, oid: objects.nameOf?.(oid) ?? oid, mode });
    });
  };
  walk(tree, path, path === '' ? 0 : path.split('/').length);
  return listing;
}

function require(objects: ReadableObjects, oid: string): GitObject {
  const object = objects.get(oid);
  if (object) return object;
  throw new RemoteError(`The remote did not send the object ${oid}.`, { data: { oid } });
}

export function exceeded(limit: keyof GitLimits, limits: GitLimits, what: string): LimitExceededError {
  return new LimitExceededError(`The repository holds more than ${limits[limit]} ${what}.`, {
    hint: `Raise the limit "${limit}", or sync a smaller directory.`,
    data: { limit, value: limits[limit] },
  });
}
