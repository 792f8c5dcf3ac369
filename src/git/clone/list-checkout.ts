import { CorruptPackError, LimitExceededError, UnsafePathError } from '../../errors.js';
import { parseCommit } from '../objects/parse-commit.js';
import { distinctNames, fromRawName, normalMode, treeMode, visitRawTree } from '../objects/raw-tree.js';
import { isGitmodules, unsafeRawNameReason } from '../objects/unsafe-name.js';
import type { DiskPack } from '../pack/disk-pack.js';
import type { GitLimits } from '../types.js';

/** What a commit puts into the working tree. Paths are bytes as latin1, so that names that are not UTF-8 survive. */
export interface CheckoutList {
  /** Parents before what is in them. */
  directories: string[];
  files: CheckoutFile[];
  links: CheckoutFile[];
  /** Submodules: empty directories. */
  gitlinks: CheckoutFile[];
}

export interface CheckoutFile {
  path: string;
  mode: string;
  oid: string;
}

/** What one tree says: of directories, only those right in it. */
export interface TreeList extends CheckoutList {
  trees: { path: string; oid: string }[];
}

/**
 * Everything that checking out a commit writes, in the order of its trees.
 * @param read the content of a commit or tree
 * @throws UnsafePathError for names that git would not check out, LimitExceededError
 */
export function listCheckout(
  read: (oid: string) => Buffer,
  commit: string,
  limits: Pick<GitLimits, 'maxTreeDepth' | 'maxObjects'>,
): CheckoutList {
  const list: CheckoutList = { directories: [], files: [], links: [], gitlinks: [] };
  let count = 0;
  const add = (tree: string, prefix: string, depthLeft: number): void => {
    const part = listTree(read(tree), prefix, depthLeft);
    for (const file of part.files) list.files.push(file);
    for (const link of part.links) list.links.push(link);
    for (const gitlink of part.gitlinks) list.gitlinks.push(gitlink);
    count += part.files.length + part.links.length + part.gitlinks.length + part.trees.length;
    if (count > limits.maxObjects) throw tooMany(limits);
    for (const { path, oid } of part.trees) {
      list.directories.push(path);
      add(oid, `${path}/`, depthLeft - 1);
    }
  };
  add(parseCommit(read(commit), commit).tree, '', limits.maxTreeDepth);
  return list;
}

/** A few trees that name each other again and again make any number of files. */
export function tooMany({ maxObjects }: Pick<GitLimits, 'maxObjects'>): LimitExceededError {
  return new LimitExceededError(`The checkout has more than ${maxObjects} files and directories.`, {
    hint: 'Raise the limit "maxObjects".',
    data: { limit: 'maxObjects', value: maxObjects },
  });
}

/**
 * What a tree puts where `prefix` says, which is empty or ends in a slash.
 * @throws UnsafePathError for names that git would not check out, LimitExceededError
 */
export function listTree(content: Buffer, prefix: string, depthLeft: number): TreeList {
  if (depthLeft < 0) {
    throw new LimitExceededError('The repository has directories nested too deeply.', {
      hint: 'Raise the limit "maxTreeDepth".',
      data: { limit: 'maxTreeDepth' },
    });
  }
  const list: TreeList = { directories: [], files: [], links: [], gitlinks: [], trees: [] };
  const isNew = distinctNames();
  visitRawTree(content, (written, name, oid) => {
    const path = `${prefix}${name}`;
    const mode = normalMode(written);
    const reason = isNew(name) ? unsafeRawNameReason(name) : 'stands there twice';
    if (mode === undefined || reason !== null)
      throw refused(path, reason ?? `has the unknown mode ${written}`);
    if (mode === treeMode) {
      list.directories.push(path);
      list.trees.push({ path, oid });
    } else if (mode === '160000') list.gitlinks.push({ path, mode, oid });
    else if (mode === '120000') {
      // What git reads of it would come from wherever the link leads (git: read-cache.c, verify_path).
      if (isGitmodules(name)) throw refused(path, 'is a symbolic link, which git does not allow');
      list.links.push({ path, mode, oid });
    } else list.files.push({ path, mode, oid });
  });
  return list;
}

/** The content of an object of a pack that is there as a whole. */
export function contentOf(pack: DiskPack, oid: string): Buffer {
  return pack.content(findEntry(pack, oid));
}

/** The entry with a file's content, or the target of a link. */
export function findBlob(pack: DiskPack, oid: string): number {
  const entry = findEntry(pack, oid);
  const type = pack.table.type(entry);
  if (type === 'blob') return entry;
  throw new CorruptPackError(`The object ${oid} is a ${type}, and a tree has it as the content of a file.`);
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
