import type { SavedTask } from '../../../schemas/saved-plan.js';
import { BranchNotFoundError, RevisionNotFoundError, StalePlanError } from '../../errors.js';
import type { PushBase, Remote } from '../../git/types.js';
import { settleOwnership } from '../../plan/ownership.js';
import { digestListing } from '../../plan/prepared-plan.js';
import { readSyncState } from '../../plan/read-sync-state.js';
import { formatKey, type Scope, type StorageAdapter } from '../../storage/types.js';
import type { RunContext } from '../context.js';

/** What applying a plan builds upon, once it was found to be as the plan has it. */
export interface CheckedBasis {
  /** Of the storage's scope, where it has versions: nothing may change from here on. */
  at: { scope: Scope; version: string } | null;
  /** For a push. */
  base: PushBase | null;
}

/**
 * Looks whether everything a plan was made on is still the same: the storage's scope, the sync state, the commit.
 * @throws StalePlanError
 */
export async function checkBasis(
  context: RunContext,
  task: SavedTask,
  remote: Remote,
): Promise<CheckedBasis> {
  const base = await checkGit(task, remote);
  const { scope } = task.basis;
  const version = (await context.storage.version?.(scope, { signal: context.signal })) ?? null;
  await checkStorage(context, task);
  return { at: version === null ? null : { scope, version }, base };
}

/** @throws StalePlanError for a plan that was made with another storage */
export function checkLocation(planned: string, { storage }: RunContext): void {
  if (storage.location === planned) return;
  throw new StalePlanError(
    `The plan was made with the storage ${planned}, and this is ${storage.location}. Nothing was written.`,
    { hint: 'Apply it with the storage it was made with, or plan again.' },
  );
}

async function checkStorage({ storage, signal }: RunContext, task: SavedTask): Promise<void> {
  const { taskId, plan, basis, effect } = task;
  const { scope, records } = basis;
  const listing = await storage.list(scope, { signal });
  if (digestListing(listing) !== basis.listing) {
    const present = new Map(listing.map(({ key, oid }) => [formatKey(key), oid]));
    const known = plan.direction === 'SYNC' ? plan.changes : [];
    const changed = known.filter(({ key, before }) => (present.get(formatKey(key)) ?? null) !== before);
    const names = changed.slice(0, 5).map(({ key }) => formatKey(key));
    const which = names.length === 0 ? '' : `: ${names.join(', ')}${changed.length > 5 ? ', …' : ''}`;
    const where = `the ${scope.kind}s of ${scope.namespace}${scope.children ? ' and below' : ''}`;
    throw stale(taskId, `${where} changed in ${storage.location}${which}`);
  }
  const contents = await storage.read(
    records.map(({ key }) => key),
    { signal },
  );
  if (records.some(({ oid }, index) => (contents[index]?.oid ?? null) !== oid))
    throw stale(taskId, 'the same sync, or one that meets it, ran');
  if (effect.kind === 'batch') await checkOwnership(storage, task);
}

/** Whether another sync lays claim to something that none did when the plan was made. */
async function checkOwnership(storage: StorageAdapter, { taskId, plan, basis, effect }: SavedTask) {
  const { identity } = effect.state;
  const { byKey } = await readSyncState(storage, identity);
  const { changes } = plan;
  const owns = (name: string) => byKey.has(name);
  const { records } = await settleOwnership(storage, { identity, changes, owns, adopt: true });
  const known = new Set(basis.records.map(({ key }) => key.id));
  if (records.some(({ key }) => !known.has(key.id)))
    throw stale(taskId, 'another sync brought what this one would write');
}

async function checkGit({ taskId, basis, effect }: SavedTask, remote: Remote): Promise<PushBase | null> {
  const { revision, commit, tip = null } = basis.git;
  const options = { path: effect.state.identity.directory, contents: 'none' } as const;
  if (effect.kind === 'commit') {
    const branch = revision.branch ?? '';
    const base = await remote.openForPush(branch, options);
    if (base.tip === tip && (base.snapshot?.commit ?? null) === commit) return base;
    throw stale(taskId, `branch "${branch}" of ${remote.url} moved`);
  }
  // A commit is named by its content; it cannot be another one now.
  if (revision.commit !== undefined) return null;
  const name = revision.branch ?? revision.tag ?? revision.semver ?? '';
  const snapshot = await remote.openSnapshot(revision, options).catch((error: unknown) => {
    const isGone = error instanceof BranchNotFoundError || error instanceof RevisionNotFoundError;
    throw isGone ? stale(taskId, `"${name}" is gone from ${remote.url}`, error) : error;
  });
  if (snapshot.commit !== commit) throw stale(taskId, `"${name}" of ${remote.url} is at another commit`);
  return null;
}

export function stale(taskId: string, why: string, cause?: unknown): StalePlanError {
  return new StalePlanError(
    `The plan of task "${taskId}" no longer fits: ${why} since it was made. Nothing was written.`,
    { hint: 'Plan again and look at the new plan.', ...(cause !== undefined && { cause }) },
  );
}
