import { CorruptPackError } from '../../errors.js';
import { parseCommit } from '../objects/parse-commit.js';
import type { DiskPack } from '../pack/disk-pack.js';

/**
 * Follows a history to where the server says that it cut it off: a clone with a hole is none that git can use.
 * @returns the ends that were sent
 * @throws CorruptPackError when a commit is missing
 */
export function checkCutHistory(
  pack: Pick<DiskPack, 'table' | 'content'>,
  tips: readonly string[],
  ends: readonly string[],
): string[] {
  const entryOf = (oid: string): number => {
    const entry = pack.table.find(oid);
    return pack.table.type(entry) === 'commit' ? entry : -1;
  };
  const cut = new Set(ends);
  const seen = new Set<string>();
  // A tip may be a tag, of which git follows the commit that a branch or another tag led to.
  const waiting = tips.filter((oid) => entryOf(oid) !== -1);
  for (let oid = waiting.pop(); oid !== undefined; oid = waiting.pop()) {
    if (seen.has(oid)) continue;
    seen.add(oid);
    const entry = entryOf(oid);
    if (entry === -1) {
      throw new CorruptPackError(`The remote did not send the commit ${oid}.`, { data: { oid } });
    }
    if (!cut.has(oid)) waiting.push(...parseCommit(pack.content(entry), oid).parents);
  }
  return [...cut].filter((oid) => entryOf(oid) !== -1).sort();
}
