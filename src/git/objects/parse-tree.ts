import { CorruptPackError, UnsafePathError } from '../../errors.js';
import { distinctNames, fromRawName, oldFileMode, scanTree } from './raw-tree.js';
import { isPlainName, unsafeNameReason } from './unsafe-name.js';

/** `40000` is a directory; the others are those of `GitMode`. */
export type TreeMode = '40000' | '100644' | '100755' | '120000' | '160000';

/** One line of a tree object. `name` is a single path segment; bytes that are not UTF-8 stand in it as U+FFFD. */
export interface TreeEntry {
  mode: TreeMode;
  name: string;
  oid: string;
}

/**
 * Reads a tree object (git-fsck: "tree" messages).
 * @param where the directory, for messages
 * @throws UnsafePathError for names that git would refuse to check out, CorruptPackError for broken bytes
 */
export function parseTree(data: Uint8Array, where = ''): TreeEntry[] {
  const entries: TreeEntry[] = [];
  visitTree(data, where, (mode, name, oid) => entries.push({ mode, name, oid }));
  return entries;
}

/**
 * Reads a tree object as {@link parseTree} does, without an object for each entry.
 * @throws UnsafePathError, CorruptPackError; entries before the one that is at fault were visited
 */
export function visitTree(
  data: Uint8Array,
  where: string,
  visit: (mode: TreeMode, name: string, oid: string) => void,
): void {
  const isNew = distinctNames();
  const cutAt = scanTree(data, (mode, bytes, oid) => {
    const isPlain = isPlainName(bytes);
    const name = isPlain ? bytes : fromRawName(bytes);
    if (!isNew(name)) throw unsafe(where, name, 'stands there twice');
    const reason = isPlain ? null : unsafeNameReason(name);
    if (reason !== null) throw unsafe(where, name, reason);
    visit(normaliseMode(mode, where, name), name, oid);
  });
  if (cutAt !== -1) throw corrupt(where, 'an entry is cut off');
}

const modes = new Map<string, TreeMode>([
  ['40000', '40000'],
  ['040000', '40000'],
  ['100644', '100644'],
  ['100755', '100755'],
  ['120000', '120000'],
  ['160000', '160000'],
]);

/** One string for all entries of a mode, and not the one that was cut out of the tree. */
function normaliseMode(written: string, where: string, name: string): TreeMode {
  const mode = written === '100644' ? '100644' : (modes.get(written) ?? oldFileMode(written));
  if (mode === undefined) throw unsafe(where, name, `has the unknown mode ${JSON.stringify(written)}`);
  return mode;
}

function unsafe(where: string, name: string, reason: string): UnsafePathError {
  const path = JSON.stringify(where === '' ? name : `${where}/${name}`);
  return new UnsafePathError(`The repository holds an entry that git would refuse: ${path} ${reason}.`, {
    hint: 'Remove it from the repository; "git fsck" finds such entries.',
    data: { directory: where, name },
  });
}

function corrupt(where: string, reason: string): CorruptPackError {
  return new CorruptPackError(
    `The tree of ${where === '' ? 'the root' : JSON.stringify(where)} is broken: ${reason}.`,
  );
}
