import { findReceipt } from '../plan/receipt.js';
import { StateRows } from '../plan/state-rows.js';
import type { RunContext } from './context.js';
import { changedPaths, type IncrementalInput } from './increment.js';
import { type Unchanged, unchangedBy } from './no-change.js';
import { syncEndpoints } from './sync-sides.js';

/**
 * The outcome of a sync that an earlier one's receipt shortens: nothing changed, or what changed is the difference of
 * two commits. Null when the sync has to look at everything.
 */
export async function syncFromReceipt(
  context: RunContext,
  input: Omit<IncrementalInput, 'receipt'>,
): Promise<Unchanged | null> {
  if (context.saving !== undefined) return null;
  const { agreement, task, policy, state, identity, settledRow } = input;
  const told = settledRow && { oid: state.storedOid, rows: new StateRows(state.lines, identity, settledRow) };
  const receipt = await findReceipt(context.storage, agreement, told);
  if (receipt === null) return null;
  const run = { task, direction: 'SYNC', ...syncEndpoints(context, input), dryRun: policy.dryRun } as const;
  const unchanged = await unchangedBy(context, agreement, receipt, run);
  if (unchanged !== null) return unchanged;

  const { applyAt, atomic } = context.storage;
  if (applyAt === undefined || atomic === false || state.commit !== receipt.commit) return null;
  // What is ignored or left as it is, only the ordinary way finds out.
  if (receipt.ignoring) return null;
  const changed = { ...input, receipt };
  const [paths, { incrementalSync }] = await Promise.all([
    changedPaths(changed),
    // Loaded while the server answers, by runs that have something to do.
    import('./incremental-sync.js'),
  ]);
  return paths === null ? null : incrementalSync(context, changed, paths);
}
