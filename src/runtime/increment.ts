import type { PlanChange } from '../../schemas/plan.js';
import type { GitEntry, PathChange } from '../git/types.js';
import type { DesiredResource } from '../plan/compare.js';
import type { Agreement, Receipt } from '../plan/receipt.js';
import { parseStateLine } from '../plan/state-line.js';
import type { OpenState, SyncedResource } from '../plan/sync-state.js';
import { ignoreFileNames } from '../resources/ignore-rules.js';
import { formatKey } from '../storage/types.js';
import type { RunContext } from './context.js';
import type { SyncInput } from './sync-to-storage.js';

/** More changed paths than this are planned the ordinary way, which costs the same then. */
const maxChangedPaths = 2000;

/** What a sync gives beside its receipt to be planned from the difference of two commits. */
export interface IncrementalInput
  extends Pick<SyncInput, 'task' | 'policy' | 'identity' | 'scope' | 'revision' | 'snapshot'> {
  state: OpenState;
  agreement: Agreement;
  receipt: Receipt;
  /** Whether the path can be a resource of the sync. */
  isRelevant(path: string): boolean;
  /** The resources that changed files hold, with their contents by blob id; null when one is out of the ordinary. */
  decode(entries: readonly GitEntry[], removed: readonly GitEntry[]): Promise<Decoded | null>;
  rowOf(change: PlanChange, revision: number): object;
  /** A resource's row when nothing changes, where what the state says of it tells that. */
  settledRow?(resource: SyncedResource): object;
}

export interface Decoded {
  desired: readonly DesiredResource[];
  contents: ReadonlyMap<string, Uint8Array>;
}

/** Paths that the commits have otherwise; null when they are not told, or too many. */
export async function changedPaths({
  snapshot,
  receipt,
  identity,
  isRelevant,
}: IncrementalInput): Promise<PathChange[] | null> {
  const changed = (await snapshot.changedSince?.(receipt.commit, identity.directory)) ?? null;
  if (changed === null || changed.length > maxChangedPaths) return null;
  const prefix = identity.directory === '' ? '' : `${identity.directory}/`;
  if (changed.some(({ path }) => ignoreFileNames.includes(path.slice(prefix.length)))) return null;
  return changed.filter(({ path }) => isRelevant(path));
}

/** What the changed paths held at the last run; null when the state and git tell different stories. */
export async function formerResources(
  { state, identity }: IncrementalInput,
  paths: readonly PathChange[],
): Promise<SyncedResource[] | null> {
  const lines = await state.lines.find(paths.map(({ path }) => path));
  if (lines === null) return null;
  const former: SyncedResource[] = [];
  for (const { path, before } of paths) {
    const line = lines.get(path) ?? null;
    const resource = line === null ? null : parseStateLine(identity, line);
    if ((resource?.gitOid ?? null) !== (before?.oid ?? null)) return null;
    // Storage has more than git there.
    if (resource?.ancestor !== undefined) return null;
    if (resource !== null) former.push(resource);
  }
  return former;
}

/**
 * Whether each flow has one file before and after, and none is the flow that runs the sync. Where the storage is as the
 * last run left it, a flow that is new to the changed paths and stands in it has another file.
 */
export async function isClear(
  { storage, identity }: RunContext,
  former: readonly SyncedResource[],
  desired: readonly DesiredResource[],
): Promise<boolean> {
  const formerKeys = new Set(former.map(({ key }) => formatKey(key)));
  const running = formatKey({ kind: 'flow', namespace: identity.namespace, id: identity.flowId });
  if ([...former, ...desired].some(({ key }) => formatKey(key) === running)) return false;
  if (new Set(desired.map(({ key }) => formatKey(key))).size < desired.length) return false;
  const added = desired.flatMap(({ key }) => (formerKeys.has(formatKey(key)) ? [] : [key]));
  if (added.length === 0) return true;
  return (await storage.read(added)).every((stored) => stored === null);
}

/**
 * Whether a flow that git no longer has stays in storage while another one comes to its path: both are the sync's own
 * then, and lines that are put in by their paths would be of one of them.
 */
export function sharesPath(
  former: readonly SyncedResource[],
  desired: readonly DesiredResource[],
  deleted: ReadonlySet<string>,
): boolean {
  const wanted = new Set(desired.map(({ key }) => formatKey(key)));
  const paths = new Set(desired.map(({ gitPath }) => gitPath));
  return former.some(({ key, gitPath }) => {
    const name = formatKey(key);
    return !wanted.has(name) && !deleted.has(name) && paths.has(gitPath);
  });
}
