import type { CurrentResource } from '../plan/compare.js';
import { makePlan } from '../plan/make-plan.js';
import { findReceipt } from '../plan/receipt.js';
import { planUndisputed } from '../plan/transfer.js';
import { formatKey } from '../storage/types.js';
import { applyIncrement, reportIncrement } from './apply-increment.js';
import type { RunContext } from './context.js';
import { changedPaths, formerResources, type IncrementalInput, isClear } from './increment.js';
import { type Unchanged, unchangedBy } from './no-change.js';
import { settle } from './settle.js';
import { syncEndpoints, syncNames } from './sync-sides.js';
import { claim, readStored, refuseUnfitKeys } from './sync-to-storage.js';

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
  const former = await formerResources(input, paths);
  const entries = paths.flatMap(({ after }) => (after === null ? [] : [after]));
  const removed = paths.flatMap(({ before, after }) => (after === null && before !== null ? [before] : []));
  const decoded = former === null ? null : await input.decode(entries, removed);
  if (former === null || decoded === null || !(await isClear(context, former, decoded.desired))) return null;
  // They are reported, and show what a page that is gone would.
  if (!(await receipt.rows.read())) return null;

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
  const increment = { ...input, adoption, former: byKey, decoded };
  const applied = await settle(context, plan, policy.dryRun, () => applyIncrement(context, plan, increment));
  return { summary, rows: applied ?? (await reportIncrement(plan, increment, new Map())).reported };
}
