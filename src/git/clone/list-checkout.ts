import { CorruptPackError, LimitExceededError, UnsafePathError } from '../../errors.js';
import { parseCommit } from '../objects/parse-commit.js';
import { decodeRawTree, fromRawName, treeMode } from '../objects/raw-tree.js';
import { unsafeNameReason } from '../objects/unsafe-name.js';
import type { DiskPack } from '../pack/disk-pack.js';

/** What a commit puts into the working tree. Paths are bytes as latin1, so that names that are not UTF-8 survive. */
export interface CheckoutList {
  /** Parents before what is in them. */
  directories: string[];
  files: CheckoutFile[];
  links: CheckoutFile[];
  /** Submodules: empty directories. */
  gitlinks: Omit<CheckoutFile, 'entry'>[];
}

export interface CheckoutFile {
  path: string;
  mode: string;
  oid: string;
  /** Where the pack holds the content. */
  entry: number;
}

const normalisedModes: Readonly<Record<string, string>> = {
  '40000': '40000',
  '100644': '100644',
  '100664': '100644',
  '100755': '100755',
  '120000': '120000',
  '160000': '160000',
};

/**
 * Everything that checking out a commit writes, in the order of its trees.
 * @throws UnsafePathError for names that git would not check out
 */
export function listCheckout(pack: DiskPack, commit: string, maxDepth: number): CheckoutList {
  const list: CheckoutList = { directories: [], files: [], links: [], gitlinks: [] };
  const { tree } = parseCommit(pack.content(findEntry(pack, commit)), commit);
  addTree(pack, list, tree, '', maxDepth);
  return list;
}

function addTree(pack: DiskPack, list: CheckoutList, tree: string, prefix: string, depthLeft: number): void {
  if (depthLeft < 0) {
    throw new LimitExceededError('The repository has directories nested too deeply.', {
      hint: 'Raise the limit "maxTreeDepth".',
      data: { limit: 'maxTreeDepth' },
    });
  }
  const names = new Set<string>();
  for (const { mode: written, name, oid } of decodeRawTree(pack.content(findEntry(pack, tree)))) {
    const path = `${prefix}${name}`;
    const mode = normalisedModes[written];
    const reason = names.has(name) ? 'stands there twice' : unsafeNameReason(fromRawName(name));
    if (mode === undefined || reason !== null)
      throw refused(path, reason ?? `has the unknown mode ${written}`);
    names.add(name);
    if (mode === treeMode) {
      list.directories.push(path);
      addTree(pack, list, oid, `${path}/`, depthLeft - 1);
    } else if (mode === '160000') {
      list.gitlinks.push({ path, mode, oid });
    } else {
      const kind = mode === '120000' ? list.links : list.files;
      kind.push({ path, mode, oid, entry: findEntry(pack, oid) });
    }
  }
}

function findEntry(pack: DiskPack, oid: string): number {
  const entry = pack.table.find(oid);
  if (entry === -1) throw new CorruptPackError(`The remote did not send the object ${oid}.`);
  return entry;
}

function refused(rawPath: string, reason: string): UnsafePathError {
  const path = fromRawName(rawPath);
  return new UnsafePathError(`The repository cannot be checked out: ${JSON.stringify(path)} ${reason}.`, {
    hint: 'Remove it from the repository; "git fsck" finds such entries.',
    data: { path },
  });
}
