import { UnsafePathError } from '../../errors.js';
import { hashBlob, hashObject } from '../objects/hash.js';
import { decodeRawTree, encodeTree, fromRawName, type RawTreeEntry, treeMode } from '../objects/raw-tree.js';
import { deltaBetweenTrees } from '../pack/tree-delta.js';
import type { PackEntry } from '../pack/write-pack.js';
import type { FileChange } from '../types.js';
import type { DirectoryChanges } from './directory-changes.js';

/** Reads the tree of a directory that exists, in raw bytes. */
export type TreeReader = (directory: string, oid: string) => Promise<Uint8Array>;

export interface BuiltTree {
  /** The root tree after the changes. */
  oid: string;
  /** New trees and blobs by id, each once; trees with a delta against the version before where that pays. */
  objects: Map<string, PackEntry>;
}

export interface BuildTreeOptions {
  /** Null for a repository without commits. */
  rootTree: string | null;
  changes: DirectoryChanges;
  readTree: TreeReader;
}

/** The tree of a repository without files. */
export const emptyTree = hashObject('tree', new Uint8Array());

/**
 * Applies file changes to a tree, touching only the directories they stand in. Lines that no change names are taken
 * over byte for byte; a directory that loses its last entry goes away.
 * @throws UnsafePathError for a path that leads through a symbolic link or a submodule
 */
export async function buildTree(options: BuildTreeOptions): Promise<BuiltTree> {
  const objects = new Map<string, PackEntry>();
  const oid = await rebuild(options, objects, '', options.rootTree, options.changes);
  if (oid !== null) return { oid, objects };
  objects.set(emptyTree, { type: 'tree', content: new Uint8Array() });
  return { oid: emptyTree, objects };
}

/** The directory's new tree, which is the old one when nothing changed, or null when nothing is left in it. */
async function rebuild(
  options: BuildTreeOptions,
  objects: Map<string, PackEntry>,
  directory: string,
  oid: string | null,
  changes: DirectoryChanges,
): Promise<string | null> {
  const before = oid === null ? null : await options.readTree(directory, oid);
  const entries = new Map<string, RawTreeEntry>();
  for (const entry of before === null ? [] : decodeRawTree(before)) entries.set(entry.name, entry);

  let changed = false;
  for (const [name, change] of changes.files) {
    changed = applyFile(entries, objects, name, change) || changed;
  }
  for (const [name, below] of changes.directories) {
    const path = directory === '' ? fromRawName(name) : `${directory}/${fromRawName(name)}`;
    const present = entries.get(name);
    if (present !== undefined && present.mode !== treeMode && !below.hasWrites) continue;
    refuseDetour(path, present);
    const oldOid = present?.mode === treeMode ? present.oid : null;
    const newOid = await rebuild(options, objects, path, oldOid, below);
    if (newOid === oldOid) continue;
    changed = true;
    if (newOid === null) entries.delete(name);
    else entries.set(name, { mode: treeMode, name, oid: newOid });
  }
  if (!changed) return oid;
  return entries.size === 0 ? null : addTree(objects, entries.values(), before, oid);
}

function applyFile(
  entries: Map<string, RawTreeEntry>,
  objects: Map<string, PackEntry>,
  name: string,
  change: FileChange,
): boolean {
  const present = entries.get(name);
  if (change.content === null) {
    return present !== undefined && present.mode !== treeMode && entries.delete(name);
  }
  const mode = change.mode ?? keptMode(present);
  const oid = hashBlob(change.content);
  if (present?.mode === mode && present.oid === oid) return false;
  if (present?.oid !== oid && change.atRemote !== true)
    objects.set(oid, { type: 'blob', content: change.content });
  entries.set(name, { mode, name, oid });
  return true;
}

/** New contents are a file's: what was a link, a submodule or a directory becomes a regular file. */
function keptMode(present: RawTreeEntry | undefined): string {
  return present?.mode.startsWith('100') ? present.mode : '100644';
}

/** git add says "beyond a symbolic link" and "in submodule" here; replacing either by accident would hurt. */
function refuseDetour(path: string, present: RawTreeEntry | undefined): void {
  if (present?.mode !== '120000' && present?.mode !== '160000') return;
  const kind = present.mode === '120000' ? 'a symbolic link' : 'a submodule';
  throw new UnsafePathError(
    `${JSON.stringify(path)} is ${kind} in the repository; nothing is written beyond it.`,
    {
      hint: 'Choose another directory, or delete that entry from the repository first.',
      data: { path },
    },
  );
}

function addTree(
  objects: Map<string, PackEntry>,
  entries: Iterable<RawTreeEntry>,
  before: Uint8Array | null,
  baseOid: string | null,
): string {
  const content = encodeTree(entries);
  const oid = hashObject('tree', content);
  const instructions = before === null ? null : deltaBetweenTrees(before, content);
  const delta = instructions === null || baseOid === null ? undefined : { baseOid, instructions };
  objects.set(oid, { type: 'tree', content, delta });
  return oid;
}
