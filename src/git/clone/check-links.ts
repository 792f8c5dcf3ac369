import { UnsafePathError } from '../../errors.js';
import { fromRawName } from '../objects/raw-tree.js';
import { unsafeRawNameReason } from '../objects/unsafe-name.js';

/** As many as Linux follows before it says ELOOP. */
const maxFollowed = 40;
/** PATH_MAX of Linux. */
const maxTargetBytes = 4095;

/**
 * Makes sure that no symbolic link of a checkout leads out of the clone or into its `.git`: followed the way the file
 * system follows, through other links of the same checkout, since `a/..` need not be beside `a`.
 * @param links targets by path, both as bytes in latin1
 * @throws UnsafePathError
 */
export function checkLinks(links: ReadonlyMap<string, string>): void {
  for (const [path, target] of links) {
    const reason = unsafeTargetReason(links, path, target);
    if (reason === null) continue;
    const [link, to] = [fromRawName(path), fromRawName(target)];
    throw new UnsafePathError(
      `The repository cannot be checked out: its symbolic link ${JSON.stringify(link)} ${reason}.`,
      { hint: 'Replace the link in the repository by a file.', data: { path: link, target: to } },
    );
  }
}

function unsafeTargetReason(links: ReadonlyMap<string, string>, path: string, target: string): string | null {
  if (target === '' || target.includes('\0')) return 'has no target';
  if (target.length > maxTargetBytes) return 'has a target that is too long';
  const place = path.split('/').slice(0, -1);
  const open = splitTarget(target);
  if (open === null) return 'points at an absolute path';
  for (let followed = 0; open.length > 0; ) {
    const part = open.shift() ?? '';
    if (part === '..') {
      if (place.pop() === undefined) return 'points outside of the clone';
      continue;
    }
    if (place.length === 0 && isDotGit(part)) return 'points into ".git"';
    place.push(part);
    const next = links.get(place.join('/'));
    if (next === undefined) continue;
    // A loop leads nowhere: the file system refuses to follow it.
    if (++followed > maxFollowed) return null;
    const parts = splitTarget(next);
    if (parts === null) return 'points at an absolute path';
    place.pop();
    open.unshift(...parts);
  }
  return null;
}

/** Null for an absolute target; a backslash and a drive letter count on Windows alone. */
function splitTarget(target: string): string[] | null {
  const windows = process.platform === 'win32';
  const path = windows ? target.replaceAll('\\', '/') : target;
  if (path.startsWith('/') || (windows && /^[a-z]:/i.test(path))) return null;
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function isDotGit(name: string): boolean {
  return unsafeRawNameReason(name) !== null;
}
