import { covers, type KnownCommit } from '../mirror/remote-memory.js';
import type { ReadableObjects } from '../objects/store.js';
import type { FetchRequest } from '../session.js';
import type { SnapshotOptions } from '../types.js';
import { isRefusal, type ObjectFetcher, wholeTip } from './object-fetcher.js';
import { earlierDirectory, findPath, openCommit, readTree } from './walk.js';

interface Scope {
  /** The commit, or an annotated tag of it. */
  oid: string;
  path: readonly string[];
  contents: SnapshotOptions['contents'];
}

/** Commits whose trees are at hand, and whether their contents are. */
interface Base {
  commits: string[];
  contents: boolean;
}

/** Of a directory's trees together: those of 3,000 files. */
const largeTrees = 128 * 1024;
/** With several, the server compares with each: enough for branches that are synced in turn. */
const maxBases = 3;
/** Changed contents up to this size come along with the trees where earlier ones did; larger ones when they are read. */
const smallContents = 'blob:limit=65536';

/**
 * Transfers what a run needs of a commit, and as little else as the server allows: the commit, the trees down to
 * `path`, and what is below it; of all this, where an earlier commit is known, what changed since. A server without
 * filters sends the whole tip.
 * @returns what is at hand now
 */
export async function fetchScope(
  fetcher: ObjectFetcher,
  scope: Scope,
  known: readonly KnownCommit[],
): Promise<KnownCommit> {
  const { oid, path } = scope;
  if (fetcher.hasWholeTip) return { commit: oid, path: '', contents: true };
  const base = chooseBase(fetcher, scope, known);
  if (path.length === 0) {
    const done = await fetcher.fetchFirst(requestsFor(wholeTip(oid), scope, base));
    return { commit: oid, path: '', contents: bringsContents(done) };
  }
  try {
    await fetchTreesDownTo(fetcher, scope);
    const contents = await fetchBelow(fetcher, scope, base);
    return { commit: oid, path: path.join('/'), contents };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const whole = { oid, path: [], contents: 'all' } as const;
    const tip = requestsFor(wholeTip(oid), whole, chooseBase(fetcher, whole, known));
    await fetcher.fetchWholeTip(oid, tip);
    return { commit: oid, path: '', contents: true };
  }
}

/** Null where nothing is worth building upon: contents that are wanted and not at hand are best fetched as a whole. */
function chooseBase(
  { objects }: ObjectFetcher,
  { oid, path, contents }: Scope,
  known: readonly KnownCommit[],
): Base | null {
  const usable = known.filter(
    (base) =>
      base.commit !== oid &&
      covers(base.path, path.join('/')) &&
      (contents === 'none' || base.contents) &&
      objects.get(base.commit)?.type === 'commit',
  );
  const [first] = usable;
  if (first === undefined) return null;
  const alike = usable.filter((base) => base.contents === first.contents);
  // One that is known for several directories is told once: a server that hears it twice says so twice.
  const commits = [...new Set(alike.map(({ commit }) => commit))];
  return { commits: commits.slice(0, maxBases), contents: first.contents };
}

/** The ways to ask for something with all below it, best first. */
function requestsFor(whole: FetchRequest, { contents }: Scope, base: Base | null): FetchRequest[] {
  const cold = contents === 'all' ? [whole] : [{ ...whole, filter: 'blob:none' }, whole];
  if (base === null) return cold;
  const since = against(whole, base);
  if (contents === 'all') return [since, ...cold];
  const trees = { ...since, filter: 'blob:none' };
  if (!base.contents) return [trees, ...cold];
  // Where the server lost the base, contents that storage may have would all come.
  const changed = { ...since, ifCommon: true };
  return [{ ...changed, filter: smallContents }, changed, trees, ...cold];
}

/**
 * Asks only for what the base does not have. Git leaves that out for a shallow client when it may send a thin pack; with
 * `deepen` besides, a merge of an old branch does not bring that branch's history, and when the server does not know
 * the base (it was rewritten and collected) no more comes than from the first.
 */
function against(request: FetchRequest, { commits }: Base): FetchRequest {
  return { ...request, haves: commits, shallow: commits, thin: true };
}

function bringsContents({ filter }: FetchRequest): boolean {
  return filter === undefined || filter === smallContents;
}

/**
 * The commit and the trees that lead to `path`, one at a time and only those that are not at hand (a filter never leaves
 * out what is asked for by name). One filter for all levels would save requests, but brings the trees beside the way
 * along, and git walks every tree of the commit for it: in a repository of 200,000 files 0.7 MB and half a second, where
 * a level takes 10 ms. To leave out what an earlier commit has takes git as long.
 */
async function fetchTreesDownTo(fetcher: ObjectFetcher, { oid, path }: Scope): Promise<void> {
  const commit = { wants: [oid], deepen: 1 };
  await fetcher.fetchFirst([
    { ...commit, filter: 'tree:1' },
    { ...commit, filter: 'tree:0' },
  ]);
  for (let level = 0; level < path.length; level++) {
    const directory = directoryAt(fetcher, oid, path.slice(0, level));
    if (directory === null) return;
    if (!fetcher.objects.has(directory)) await fetcher.fetch({ wants: [directory], filter: 'tree:0' });
  }
}

/** @returns whether contents came along, or had before */
async function fetchBelow(fetcher: ObjectFetcher, scope: Scope, base: Base | null): Promise<boolean> {
  const directory = directoryAt(fetcher, scope.oid, scope.path);
  if (directory === null) return true;
  if (base !== null && fetcher.objects.has(directory)) return base.contents;
  const requests = requestsFor({ wants: [directory] }, scope, base);
  const [since] = requests;
  const shorter =
    base === null || since === undefined ? null : sinceSmall(fetcher.objects, since, scope, base);
  if (shorter !== null) requests.unshift(shorter);
  return bringsContents(await fetcher.fetchFirst(requests));
}

/**
 * Another way to ask for what changed below a directory, refused when the server lost the base. For one that names
 * commits as known, git walks all that these hold: 150 ms of its time for 200,000 files. It walks little
 * - for a commit right after known ones, when nothing else changed: as a part of that commit, the directory comes with
 *   deltas against what it was, and no history comes along, so that `deepen` is not needed;
 * - when trees are named as known. They come whole: where they are large, and nothing else changed, deltas are better.
 */
function sinceSmall(
  objects: ReadableObjects,
  since: FetchRequest,
  scope: Scope,
  base: Base,
): FetchRequest | null {
  const { oid, path } = scope;
  const before = base.commits.flatMap((commit) => earlierDirectory(objects, commit, path) ?? []);
  if (differsOnlyAt(objects, base.commits[0] ?? '', scope)) {
    const { parents } = openCommit(objects, oid);
    const isNext = parents.length > 0 && parents.every((parent) => base.commits.includes(parent));
    const isLarge = before.every((tree) => treeBytes(objects, tree, largeTrees) > largeTrees);
    if (isNext || isLarge) return { ...since, wants: [oid], deepen: isNext ? 0 : 1, ifCommon: true };
  }
  if (before.length === 0) return null;
  const { shallow: _shallow, thin: _thin, ...plain } = since;
  return { ...plain, haves: before, ifCommon: true };
}

/** Of a tree and all trees below it; what is not at hand, or more than `enough`, is too many. */
function treeBytes(objects: ReadableObjects, tree: string, enough: number): number {
  let bytes = 0;
  const waiting = [tree];
  for (let oid = waiting.pop(); oid !== undefined && bytes <= enough; oid = waiting.pop()) {
    bytes += objects.get(oid)?.data.length ?? Number.POSITIVE_INFINITY;
    if (bytes > enough) break;
    for (const entry of readTree(objects, oid, '')) if (entry.mode === '40000') waiting.push(entry.oid);
  }
  return bytes;
}

/** Whether all that changed in the repository since another commit is at or below the path. */
function differsOnlyAt(objects: ReadableObjects, before: string, { oid, path }: Scope): boolean {
  let [old, present] = [openCommit(objects, before).tree, openCommit(objects, oid).tree];
  for (const name of path) {
    if (!objects.has(old) || !objects.has(present)) return false;
    const others = new Set<string>();
    let [oldChild, child] = ['', ''];
    for (const entry of readTree(objects, old, '')) {
      if (entry.name === name) oldChild = entry.oid;
      else others.add(`${entry.oid} ${entry.name}`);
    }
    for (const entry of readTree(objects, present, '')) {
      if (entry.name === name) child = entry.oid;
      else if (!others.delete(`${entry.oid} ${entry.name}`)) return false;
    }
    if (others.size > 0) return false;
    [old, present] = [oldChild, child];
  }
  return true;
}

function directoryAt({ objects }: ObjectFetcher, oid: string, path: readonly string[]): string | null {
  const found = findPath(objects, openCommit(objects, oid).tree, path);
  return found?.mode === '40000' ? found.oid : null;
}
