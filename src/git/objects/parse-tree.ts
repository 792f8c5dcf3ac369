import { CorruptPackError, UnsafePathError } from '../../errors.js';
import { distinctNames, fromRawName, normalMode, scanTree, type TreeMode } from './raw-tree.js';
import { isPlainName, unsafeNameReason } from './unsafe-name.js';

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
  const cutAt = scanTree(data, (written, bytes, oid) => {
    const isPlain = isPlainName(bytes);
    const name = isPlain ? bytes : fromRawName(bytes);
    if (!isNew(name)) throw unsafe(where, name, 'stands there twice');
    const reason = isPlain ? null : unsafeNameReason(name);
    if (reason !== null) throw unsafe(where, name, reason);
    const mode = normalMode(written);
    if (mode === undefined) throw unsafe(where, name, `has the unknown mode ${JSON.stringify(written)}`);
    visit(mode, name, oid);
  });
  if (cutAt !== -1) throw corrupt(where, 'an entry is cut off');
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
