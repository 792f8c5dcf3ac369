import type { PathChange } from '../git/types.js';
import { type CurrentResource, deletedBy } from '../plan/compare.js';
import { makePlan } from '../plan/make-plan.js';
import { readCounterpart } from '../plan/sync-records.js';
import { isDisputed, planUndisputed } from '../plan/transfer.js';
import { formatKey } from '../storage/types.js';
import { applyIncrement, reportIncrement } from './apply-increment.js';
import type { RunContext } from './context.js';
import { formerResources, type IncrementalInput, isClear, sharesPath } from './increment.js';
import type { Unchanged } from './no-change.js';
import { readStored } from './read-stored.js';
import { settle } from './settle.js';
import { syncEndpoints, syncNames } from './sync-sides.js';
import { claim, refuseUnfitKeys } from './sync-to-storage.js';

/**
 * Plans and applies a sync from the difference between the last run's commit and this one, when the storage is as the
 * last run left it: the cost follows the change and not the size of the directory. Null when it cannot be done this
 * way (nothing was written then): invalid files, links, flows that moved in unclear ways, ignore rules, what a merge has to
 * see of earlier pushes.
 */
export async function incrementalSync(
  context: RunContext,
  input: IncrementalInput,
  paths: readonly PathChange[],
): Promise<Unchanged | null> {
  const { receipt, policy } = input;
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
  const transfer = {
    policy,
    desired: decoded.desired,
    current,
    held: [],
    target: 'storage',
    state: { byKey },
    counts: { source, target: receipt.listed },
    ...syncNames(input),
  } as const;
  const changes = planUndisputed(transfer);
  const counterpart = () => readCounterpart(context.storage, input.identity);
  if (await isDisputed(changes, transfer, { counterpart })) return null;
  if (sharesPath(former, decoded.desired, deletedBy(changes))) return null;
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
  const { summary } = plan.outline;
  summary.unchanged = source - summary.added - summary.updated - summary.overwritten;
  const increment = { ...input, adoption, former: byKey, decoded };
  const applied = await settle(context, plan, policy.dryRun, () => applyIncrement(context, plan, increment));
  return { summary, rows: applied ?? (await reportIncrement(plan, increment, new Map())).reported };
}
