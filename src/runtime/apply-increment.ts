import type { PlanChange } from '../../schemas/plan.js';
import { indexOfCommit, sweepCommits } from '../plan/commit-table.js';
import { deletedBy } from '../plan/compare.js';
import { forgetGone } from '../plan/forget-gone.js';
import { isChange, type StagedPlan } from '../plan/make-plan.js';
import type { Adoption } from '../plan/ownership.js';
import { changeLines } from '../plan/pages/rewrite-lines.js';
import { movedError } from '../plan/read-sync-state.js';
import { renewReceipt } from '../plan/receipt.js';
import { recordLines } from '../plan/record-sync-state.js';
import { formatStateLine } from '../plan/state-line.js';
import { recordedOid, type SyncedResource } from '../plan/sync-state.js';
import { formatKey, type StorageChange } from '../storage/types.js';
import type { RunContext } from './context.js';
import { describeCommit } from './describe-commit.js';
import type { Decoded, IncrementalInput } from './increment.js';
import { shortCut } from './no-change.js';
import { recordSuccess } from './record-runs.js';
import { changesToApply } from './sync-to-storage.js';

/** A sync that was planned from the difference of two commits. */
export interface Increment extends IncrementalInput {
  adoption: Adoption;
  /** What the changed paths held, by `formatKey`. */
  former: ReadonlyMap<string, SyncedResource>;
  decoded: Decoded;
}

/** Applies it in one batch together with the sync state, leaves a receipt, and resolves to the rows to report. */
export async function applyIncrement(
  context: RunContext,
  plan: StagedPlan,
  increment: Increment,
): Promise<Iterable<Uint8Array>> {
  const { agreement, receipt, identity, scope, state } = increment;
  const recorded = await recordState(context, plan, increment);
  const changes = [
    ...changesToApply(plan),
    ...increment.adoption.changes,
    ...recorded.changes,
    ...(await forgetGone(context.storage, identity, deletedBy(plan.outline.changes))),
    await recordSuccess(context, identity, plan.outline, increment.snapshot.commit),
  ];
  const at = { scope, version: receipt.version };
  const result = await context.storage.applyAt?.({ changes }, at, { signal: context.signal });
  if (result === undefined) throw new Error('The storage cannot apply at a version.');
  const revisions = new Map(result.applied.map(({ key, revision }) => [formatKey(key), revision]));
  const { reported, settled } = await reportIncrement(plan, increment, revisions);
  const { added, updated, overwritten, unchanged, deleted } = plan.outline.summary;
  await shortCut(context, () =>
    renewReceipt(context.storage, agreement, receipt, {
      version: result.version,
      unchanged: added + updated + overwritten + unchanged,
      listed: receipt.listed + added - deleted,
      ignoring: false,
      changes: settled,
      state: hasSamePaths(recorded.lines, settled) ? recordedOid(state, result.applied) : null,
    }),
  );
  return reported;
}

async function recordState(
  { storage }: RunContext,
  plan: StagedPlan,
  { state, identity, snapshot, revision, former, decoded }: Increment,
): Promise<{ changes: StorageChange[]; lines: ChangedLines }> {
  const { table, index } = indexOfCommit(state.commits, await describeCommit(snapshot));
  const commits =
    decoded.desired.length === 0 ? state.commits : await sweepCommits(table, index, state.lines);
  const lines = stateChanges(plan, former, decoded, index);
  const rewritten = await changeLines(state.lines, lines);
  if (rewritten === null) throw movedError(storage, state.id);
  const run = { commit: snapshot.commit, commits, reads: revision };
  return { changes: recordLines(state, identity, rewritten, run), lines };
}

/** Lines by git path; null for those that go. */
type ChangedLines = ReadonlyMap<string, string | null>;

/** Whether lines come and go at the same paths. */
function hasSamePaths(some: ChangedLines, others: ChangedLines): boolean {
  return (
    some.size === others.size &&
    [...some].every(([path, line]) => others.has(path) && (others.get(path) === null) === (line === null))
  );
}

/** The lines that the run changes. What is not deleted stays owned, also when git no longer has it. */
function stateChanges(
  plan: StagedPlan,
  former: ReadonlyMap<string, SyncedResource>,
  { desired }: Decoded,
  origin: number | undefined,
): ChangedLines {
  const lines = new Map<string, string | null>();
  for (const change of plan.outline.changes) if (change.state === 'DELETED') lines.set(change.gitPath, null);
  for (const { key } of desired) {
    const place = former.get(formatKey(key))?.gitPath;
    if (place !== undefined) lines.set(place, null);
  }
  for (const wanted of desired) lines.set(wanted.gitPath, formatStateLine(wanted, origin));
  return lines;
}

/** The rows to report, and how those change that the next run without a change will report. */
export async function reportIncrement(
  plan: StagedPlan,
  { receipt, rowOf, former }: Pick<Increment, 'receipt' | 'rowOf' | 'former'>,
  revisions: ReadonlyMap<string, number>,
): Promise<{ reported: Iterable<Uint8Array>; settled: ChangedLines }> {
  const placeOf = ({ key }: PlanChange): string | undefined => former.get(formatKey(key))?.gitPath;
  const { changes } = plan.outline;
  const rows = await receipt.rows.find(changes.flatMap((change) => placeOf(change) ?? []));
  const reported = new Map<string, string | null>();
  for (const { gitPath } of former.values()) reported.set(gitPath, null);
  const settled = new Map(reported);
  for (const change of changes) {
    const known = revisionOf(rows?.get(placeOf(change) ?? '') ?? null);
    const revision = revisions.get(formatKey(change.key)) ?? known + (isChange(change) ? 1 : 0);
    const shown = change.state === 'DELETED' ? known : revision;
    // One flow may go from a path and another one come there: then both stand at it.
    const before = reported.get(change.gitPath) ?? null;
    const row = JSON.stringify(rowOf(change, shown));
    reported.set(change.gitPath, before === null ? row : `${before}\n${row}`);
    if (change.state !== 'DELETED') {
      settled.set(change.gitPath, JSON.stringify(rowOf({ ...change, state: 'UNCHANGED' }, revision)));
    }
  }
  return { reported: receipt.rows.pieces(reported), settled };
}

function revisionOf(row: string | null): number {
  return row === null ? 0 : ((JSON.parse(row) as { revision?: number }).revision ?? 0);
}
