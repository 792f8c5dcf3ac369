import type { PlanChange } from '../../schemas/plan.js';
import type { GitEntry, PathChange } from '../git/types.js';
import { indexOfCommit, sweepCommits } from '../plan/commit-table.js';
import type { CurrentResource, DesiredResource } from '../plan/compare.js';
import { isChange, makePlan, type StagedPlan } from '../plan/make-plan.js';
import type { Adoption } from '../plan/ownership.js';
import { type Agreement, findReceipt, type Receipt, writeReceipt } from '../plan/receipt.js';
import { recordStateLines } from '../plan/record-sync-state.js';
import { SortedLines } from '../plan/sorted-lines.js';
import { formatStateLine, parseStateLine, type SyncedResource } from '../plan/sync-state.js';
import { planUndisputed } from '../plan/transfer.js';
import { ignoreFileNames } from '../resources/ignore-rules.js';
import { formatKey } from '../storage/types.js';
import type { RunContext } from './context.js';
import { describeCommit } from './describe-commit.js';
import { shortCut, type Unchanged, unchangedBy } from './no-change.js';
import { recordSuccess } from './record-runs.js';
import { settle } from './settle.js';
import {
  changesToApply,
  claim,
  readStored,
  refuseUnfitKeys,
  type SyncInput,
  syncEndpoints,
  syncNames,
} from './sync-to-storage.js';

/** More changed paths than this are planned the ordinary way, which costs the same then. */
const maxChangedPaths = 2000;

/** What a sync gives beside its receipt to be planned from the difference of two commits. */
export interface IncrementalInput
  extends Pick<SyncInput, 'task' | 'policy' | 'identity' | 'state' | 'scope' | 'revision' | 'snapshot'> {
  agreement: Agreement;
  receipt: Receipt;
  /** Whether the path can be a resource of the sync. */
  isRelevant(path: string): boolean;
  /** The resources that changed files hold, with their contents by blob id; null when one is out of the ordinary. */
  decode(entries: readonly GitEntry[], removed: readonly GitEntry[]): Promise<Decoded | null>;
  rowOf(change: PlanChange, revision: number): object;
}

export interface Decoded {
  desired: readonly DesiredResource[];
  contents: ReadonlyMap<string, Uint8Array>;
}

/**
 * The outcome of a sync that an earlier one's receipt shortens: nothing changed, or what changed is the difference of
 * two commits. Null when the sync has to look at everything.
 */
export async function syncFromReceipt(
  context: RunContext,
  input: Omit<IncrementalInput, 'receipt'>,
): Promise<Unchanged | null> {
  if (context.saving !== undefined) return null;
  const { agreement, task, policy } = input;
  const receipt = await findReceipt(context.storage, agreement);
  if (receipt === null) return null;
  const run = { task, direction: 'SYNC', ...syncEndpoints(context, input), dryRun: policy.dryRun } as const;
  return (
    (await unchangedBy(context, agreement, receipt, run)) ??
    (await incrementalSync(context, { ...input, receipt }))
  );
}

/**
 * Plans and applies a sync from the difference between the last run's commit and this one, when the storage is as the
 * last run left it: the cost follows the change and not the size of the directory. Null when it cannot be done this
 * way (nothing was written then): invalid files, links, flows that moved in unclear ways, ignore rules.
 */
async function incrementalSync(context: RunContext, input: IncrementalInput): Promise<Unchanged | null> {
  const { receipt, state, policy } = input;
  const { applyAt, atomic } = context.storage;
  if (applyAt === undefined || atomic === false || state.commit !== receipt.commit) return null;
  // What is ignored is told by rules that only the ordinary way reads.
  if (receipt.ignoring) return null;
  const paths = await changedPaths(input);
  if (paths === null) return null;
  const former = formerResources(input, paths);
  const entries = paths.flatMap(({ after }) => (after === null ? [] : [after]));
  const removed = paths.flatMap(({ before, after }) => (after === null && before !== null ? [before] : []));
  const decoded = former === null ? null : await input.decode(entries, removed);
  if (former === null || decoded === null || !isClear(context, input, former, decoded.desired)) return null;

  const byKey = new Map(former.map((resource) => [formatKey(resource.key), resource]));
  const current = former.map(
    ({ key, gitPath, storedOid }): CurrentResource => ({ key, gitPath, oid: storedOid }),
  );
  const gone = former.length - decoded.desired.filter(({ key }) => byKey.has(formatKey(key))).length;
  const added = decoded.desired.length - (former.length - gone);
  const source = receipt.unchanged + added - gone;
  // An empty source may be a missing directory; and what only the target has may be in the way of what is added.
  if (source === 0 || (receipt.listed !== receipt.unchanged && added + gone > 0)) return null;
  const changes = planUndisputed({
    policy,
    desired: decoded.desired,
    current,
    held: [],
    target: 'storage',
    state: { byKey },
    counts: { source, target: receipt.listed },
    ...syncNames(input),
  });
  refuseUnfitKeys(changes);
  const adoption = await claim(context, input, changes, (name) => byKey.has(name));
  const plan = await makePlan({
    direction: 'SYNC',
    task: input.task,
    ...syncEndpoints(context, input),
    changes,
    readAfter: async () => decoded.contents,
    readBefore: (wanted) => readStored(context, wanted, 'before'),
  });
  const { summary } = plan.document;
  summary.unchanged = source - summary.added - summary.updated - summary.overwritten;
  const applied = await settle(context, plan, policy.dryRun, () =>
    apply(context, plan, { ...input, adoption }, byKey, decoded),
  );
  return { summary, rows: applied ?? reportRows(plan, input, byKey, new Map()).reported.bytes };
}

async function changedPaths({
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
function formerResources(
  { state, identity }: IncrementalInput,
  paths: readonly PathChange[],
): SyncedResource[] | null {
  const former: SyncedResource[] = [];
  for (const { path, before } of paths) {
    const line = state.lines.get(path);
    const resource = line === null ? null : parseStateLine(identity, line);
    if ((resource?.gitOid ?? null) !== (before?.oid ?? null)) return null;
    // Storage has more than git there.
    if (resource?.ancestor !== undefined) return null;
    if (resource !== null) former.push(resource);
  }
  return former;
}

/** Whether each flow has one file before and after, and none is the flow that runs the sync. */
function isClear(
  context: RunContext,
  { state }: IncrementalInput,
  former: readonly SyncedResource[],
  desired: readonly DesiredResource[],
): boolean {
  const formerKeys = new Set(former.map(({ key }) => formatKey(key)));
  const running = formatKey({
    kind: 'flow',
    namespace: context.identity.namespace,
    id: context.identity.flowId,
  });
  const seen = new Set<string>();
  return (
    [...former, ...desired].every(({ key }) => formatKey(key) !== running) &&
    desired.every(({ key }) => {
      const name = formatKey(key);
      if (seen.has(name)) return false;
      seen.add(name);
      return (
        formerKeys.has(name) ||
        !state.lines.includes(`,${JSON.stringify(key.namespace)},${JSON.stringify(key.id)},`)
      );
    })
  );
}

async function apply(
  context: RunContext,
  plan: StagedPlan,
  input: IncrementalInput & { adoption: Adoption },
  former: ReadonlyMap<string, SyncedResource>,
  decoded: Decoded,
): Promise<Uint8Array> {
  const { agreement, receipt, state, identity, scope, snapshot, revision } = input;
  const { table, index } = indexOfCommit(state.commits, await describeCommit(snapshot));
  const lines = newState(plan, input, former, decoded, index);
  const commits = decoded.desired.length === 0 ? state.commits : sweepCommits(table, lines);
  const record = recordStateLines(state, identity, snapshot.commit, lines, {
    table: commits,
    reads: revision,
  });
  const changes = [
    ...changesToApply(plan),
    ...input.adoption.changes,
    ...(record === null ? [] : [record]),
    await recordSuccess(context, identity, plan.document, snapshot.commit),
  ];
  const at = { scope, version: receipt.version };
  const result = await context.storage.applyAt?.({ changes }, at, { signal: context.signal });
  if (result === undefined) throw new Error('The storage cannot apply at a version.');
  const revisions = new Map(result.applied.map(({ key, revision }) => [formatKey(key), revision]));
  const { reported, settled } = reportRows(plan, input, former, revisions);
  const { added, updated, overwritten, unchanged, deleted } = plan.document.summary;
  await shortCut(context, () =>
    writeReceipt(context.storage, agreement, {
      version: result.version,
      unchanged: added + updated + overwritten + unchanged,
      listed: receipt.listed + added - deleted,
      ignoring: false,
      rows: settled.bytes,
      replaces: receipt.oid,
    }),
  );
  return reported.bytes;
}

/** The state's lines after the run. What is not deleted stays owned, also when git no longer has it. */
function newState(
  plan: StagedPlan,
  { state }: IncrementalInput,
  former: ReadonlyMap<string, SyncedResource>,
  { desired }: Decoded,
  origin: number | undefined,
): SortedLines {
  const lines = new Map<string, string | null>();
  for (const change of plan.document.changes) if (change.state === 'DELETED') lines.set(change.gitPath, null);
  for (const { key } of desired) {
    const place = former.get(formatKey(key))?.gitPath;
    if (place !== undefined) lines.set(place, null);
  }
  for (const { key, gitPath, oid, sourceOid } of desired) {
    lines.set(gitPath, formatStateLine({ gitPath, key, gitOid: sourceOid, storedOid: oid, origin }));
  }
  return state.lines.with(lines);
}

/** The rows to report, and those that the next run without a change will report. */
function reportRows(
  plan: StagedPlan,
  { receipt, rowOf }: IncrementalInput,
  former: ReadonlyMap<string, SyncedResource>,
  revisions: ReadonlyMap<string, number>,
): { reported: SortedLines; settled: SortedLines } {
  const rows = new SortedLines(receipt.rows);
  const reported = new Map<string, string | null>();
  for (const { gitPath } of former.values()) reported.set(gitPath, null);
  const settled = new Map(reported);
  for (const change of plan.document.changes) {
    const name = formatKey(change.key);
    const formerRow = rows.get(former.get(name)?.gitPath ?? change.gitPath);
    const known = formerRow === null ? 0 : ((JSON.parse(formerRow) as { revision?: number }).revision ?? 0);
    const revision = revisions.get(name) ?? known + (isChange(change) ? 1 : 0);
    const shown = change.state === 'DELETED' ? known : revision;
    reported.set(change.gitPath, JSON.stringify(rowOf(change, shown)));
    if (change.state !== 'DELETED') {
      settled.set(change.gitPath, JSON.stringify(rowOf({ ...change, state: 'UNCHANGED' }, revision)));
    }
  }
  return { reported: rows.with(reported), settled: rows.with(settled) };
}
