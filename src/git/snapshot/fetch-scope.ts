import type { ReadableObjects } from '../objects/store.js';
import type { SnapshotOptions } from '../types.js';
import { isRefusal, type ObjectFetcher } from './object-fetcher.js';
import { findPath, openCommit } from './walk.js';

/**
 * Transfers what a run needs of a commit, and as little else as the server allows: the commit, the trees down to
 * `path`, and what is below it. A server without filters sends the whole tip.
 * @param oid the commit, or an annotated tag of it
 */
export async function fetchScope(
  fetcher: ObjectFetcher,
  oid: string,
  path: readonly string[],
  contents: SnapshotOptions['contents'],
): Promise<void> {
  if (path.length === 0) {
    const whole = { wants: [oid], deepen: 1 };
    await fetcher.fetchFirst(contents === 'all' ? [whole] : [{ ...whole, filter: 'blob:none' }, whole]);
    return;
  }
  try {
    await fetchTreesDownTo(fetcher, oid, path);
    const directory = directoryAt(fetcher.objects, oid, path);
    if (directory === null) return;
    const below = { wants: [directory] };
    await fetcher.fetchFirst(contents === 'all' ? [below] : [{ ...below, filter: 'blob:none' }, below]);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await fetcher.fetchWholeTip(oid);
  }
}

/**
 * The commit and the trees that lead to `path`: in one request where the server filters by depth, else one a level
 * (a filter never leaves out what is asked for by name).
 */
async function fetchTreesDownTo(fetcher: ObjectFetcher, oid: string, path: readonly string[]): Promise<void> {
  const depth = path.length;
  // Files beside the first directories are not wanted; at depth 1 there are none.
  const filter = depth === 1 ? 'tree:1' : `combine:blob:none+tree:${depth}`;
  const commit = { wants: [oid], deepen: 1 };
  await fetcher.fetchFirst([
    { ...commit, filter },
    { ...commit, filter: 'tree:0' },
  ]);
  for (let level = 0; level < depth; level++) {
    const directory = directoryAt(fetcher.objects, oid, path.slice(0, level));
    if (directory === null) return;
    if (!fetcher.objects.has(directory)) await fetcher.fetch({ wants: [directory], filter: 'tree:0' });
  }
}

function directoryAt(objects: ReadableObjects, oid: string, path: readonly string[]): string | null {
  const found = findPath(objects, openCommit(objects, oid).tree, path);
  return found?.mode === '40000' ? found.oid : null;
}
