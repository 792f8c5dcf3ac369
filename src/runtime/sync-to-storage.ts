import type { ConnectionProperties } from '../../schemas/connection.js';
import type { PlanDocument } from '../../schemas/plan.js';
import type { ResourceKey } from '../../schemas/resources.js';
import type { Revision, Snapshot } from '../git/types.js';
import type { SyncedCommit } from '../plan/commit-table.js';
import type { ComparedChange, CurrentResource, DesiredResource, HeldResource } from '../plan/compare.js';
import { withoutKeptDirectories } from '../plan/kept-directories.js';
import { isChange, makePlan, type StagedPlan } from '../plan/make-plan.js';
import { type Adoption, settleOwnership } from '../plan/ownership.js';
import { refusePathClashes } from '../plan/path-clashes.js';
import { type BatchEffect, digestListing, type PreparedPlan, recordsOf } from '../plan/prepared-plan.js';
import type { ConflictContents, Resolution } from '../plan/resolve-conflicts.js';
import { readCounterpart } from '../plan/sync-records.js';
import { recordedOid, type SyncIdentity, type SyncState } from '../plan/sync-state.js';
import { planTransfer, type TransferPolicy } from '../plan/transfer.js';
import { KeyMap } from '../resources/key-map.js';
import { decodeUtf8 } from '../resources/text.js';
import { keyChecker } from '../storage/keys.js';
import { formatKey, type Scope, type StorageChange, type StoredEntry } from '../storage/types.js';
import { applyBatchEffect } from './apply-effect.js';
import { planOfConflicts, readBases, readMerged } from './conflict-contents.js';
import type { RunContext } from './context.js';
import { describeCommit } from './describe-commit.js';
import type { RecordedState } from './no-change.js';
import { readStored } from './read-stored.js';
import { preparation, settle } from './settle.js';
import { syncEndpoints, syncNames } from './sync-sides.js';
import { syncedAfter } from './synced-after.js';

/** What a sync task found out before comparing. */
export interface SyncInput {
  task: string;
  policy: TransferPolicy & { dryRun: boolean; adopt: boolean };
  identity: SyncIdentity;
  state: SyncState;
  scope: Scope & { kind: SyncIdentity['kind'] };
  connection: ConnectionProperties;
  /** How `snapshot` was found. */
  revision: Revision;
  snapshot: Snapshot;
  /** What takes part in the run. */
  stored: readonly StoredEntry[];
  /** What does not: ignored, or nothing git could hold. It stays as it is. */
  aside: readonly StoredEntry[];
  /** Of the scope, asked for before it was listed; null when the storage has none. */
  version: string | null;
  /** Where a stored resource stands, or would stand, in git. */
  gitPathOf(resource: StoredEntry): string;
  desired: readonly DesiredResource[];
  held: readonly HeldResource[];
  mayDelete?: (resource: CurrentResource) => boolean;
  /** Contents to write, by the blob id they have in storage. */
  read(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface SyncResult {
  plan: StagedPlan;
  /** The revision of a resource after the run; on a dry run, what it would be. */
  revisionOf(key: ResourceKey): number | null;
  /** The scope's version after the run; null when that is not known for certain. */
  version: string | null;
  /** Null on a dry run. */
  recorded: RecordedState | null;
}

/** Plans a sync and, unless it is a dry run, applies it in one batch together with the sync state. */
export async function syncToStorage(context: RunContext, input: SyncInput): Promise<SyncResult> {
  const current = input.stored.map((entry) => ({
    key: entry.key,
    gitPath: input.state.byKey.get(formatKey(entry.key))?.gitPath ?? input.gitPathOf(entry),
    oid: entry.oid,
  }));
  const { source, target } = syncEndpoints(context, input);
  const read = [input.state];
  const run = { direction: 'SYNC', task: input.task, source, target } as const;
  const transfer = { ...input, current, target: 'storage', ...syncNames(input) } as const;
  const planned = await planTransfer(transfer, {
    counterpart: () => readCounterpart(context.storage, input.identity, (state) => read.push(state)),
    contents: syncContents(context, input),
    onRefused: (conflicts) => context.onPlan(planOfConflicts(run, conflicts)),
  });
  const { changes, desired, ...resolution } = {
    ...planned,
    ...withoutKeptDirectories(planned.changes, input),
  };
  refuseUnfitKeys(changes);
  const present = input.scope.kind === 'file' ? [...input.stored, ...input.aside] : [];
  // By themselves, the files of one tree do not clash.
  if (present.length > 0) refusePathClashes(changes, present.map(input.gitPathOf));
  const adoption = await claim(context, input, changes, (name) => input.state.byKey.has(name));
  const result = { ...input, ...resolution, desired, adoption, origin: await describeCommit(input.snapshot) };
  const plan = await makePlan({
    ...run,
    changes,
    readAfter: readMerged(input.read, resolution),
    readBefore: (wanted) => readStored(context, wanted, 'before'),
    prepare: preparation(context, input, (made) => prepare(made, result, read)),
  });
  const applied = await settle(context, plan, input.policy.dryRun, () => apply(context, plan, result));
  return {
    plan,
    ...(applied ?? {
      revisionOf: expectedRevisions(plan.outline, input.stored),
      version: null,
      recorded: null,
    }),
  };
}

/**
 * Makes sure that what a sync writes belongs to no other sync, or takes it over.
 * @throws OwnedByAnotherSyncError
 */
export async function claim(
  context: RunContext,
  { identity, policy }: Pick<SyncInput, 'identity' | 'policy'>,
  changes: readonly ComparedChange[],
  owns: (name: string) => boolean,
): Promise<Adoption> {
  const { adopt, dryRun } = policy;
  const adoption = await settleOwnership(context.storage, { identity, changes, owns, adopt });
  for (const { sync, resources } of adoption.from)
    context.logger.info({ sync, resources }, `${dryRun ? 'would be' : 'is'} taken over from another sync`);
  return adoption;
}

/**
 * Refuses what no storage would take before a dry run promises it.
 * @throws UnsafePathError
 */
export function refuseUnfitKeys(changes: readonly ComparedChange[]): void {
  const check = keyChecker();
  for (const change of changes) if (isChange(change)) check(change.key);
}

function syncContents(context: RunContext, { read, snapshot }: SyncInput): ConflictContents {
  const { storage, signal } = context;
  return {
    source: read,
    target: (changes) => readStored(context, changes, 'before'),
    base: (oids) => readBases(context, snapshot, oids),
    inTargetForm: inNamespace,
    ...(storage.validate !== undefined && {
      async validate(key, content) {
        const [problems] = (await storage.validate?.([{ key, content }], { signal })) ?? [];
        return problems?.[0]?.message ?? null;
      },
    }),
  };
}

/** A flow with the namespace that its key says; anything else as it is. */
async function inNamespace(content: Uint8Array, key: ResourceKey): Promise<Uint8Array> {
  const source = key.kind === 'flow' ? decodeUtf8(content) : null;
  if (source === null) return content;
  const { rewriteNamespace } = await import('../resources/flow-source.js');
  return Buffer.from(rewriteNamespace(source, key.namespace));
}

/** The plan as a batch for the storage, each change with what it expects to replace. */
export function changesToApply(plan: StagedPlan): StorageChange[] {
  return plan.effective.map(({ key, before, after }, place): StorageChange => {
    if (after === null) return { action: 'delete', key, expectedOid: before ?? '' };
    const content = plan.contentAt(place);
    return { action: 'put', key, content, expectedOid: before, frozen: true, oid: after };
  });
}

type SettledSync = SyncInput & Resolution & { adoption: Adoption; origin: SyncedCommit };

/** What was read, and what applying the plan writes. */
function prepare(
  plan: StagedPlan,
  input: SettledSync,
  read: readonly SyncState[],
): Pick<PreparedPlan, 'basis' | 'effect'> {
  const { snapshot, stored, aside, scope, revision } = input;
  return {
    basis: {
      scope,
      listing: digestListing([...stored, ...aside]),
      records: [...recordsOf(read), ...input.adoption.records],
      git: { revision, commit: snapshot.commit },
    },
    effect: batchEffect(plan, input),
  };
}

function batchEffect(plan: StagedPlan, input: SettledSync): BatchEffect {
  const { identity, origin, revision: reads } = input;
  const state = { identity, resources: syncedAfter(plan.outline.changes, input), origin, reads };
  return { kind: 'batch', changes: [...changesToApply(plan), ...input.adoption.changes], state };
}

type Applied = Omit<SyncResult, 'plan'>;

async function apply(context: RunContext, plan: StagedPlan, input: SettledSync): Promise<Applied> {
  const { state, snapshot, stored, scope, version } = input;
  const at = version === null ? null : { scope, version };
  const basis = { state, commit: snapshot.commit, at, plan: plan.outline };
  const effect = batchEffect(plan, input);
  const { applied, version: reached } = await applyBatchEffect(context, effect, basis);
  const written = () => applied.filter(({ oid }) => oid !== null);
  const recorded = { oid: recordedOid(state, applied), resources: effect.state.resources };
  return { revisionOf: lookUp(() => [...stored, ...written()]), version: reached, recorded };
}

type Revised = Pick<StoredEntry, 'key' | 'revision'>;

/** Revisions by key, the last one of each. They are indexed when the first is asked for. */
function lookUp(known: () => readonly Revised[]): SyncResult['revisionOf'] {
  let list: typeof known | null = known;
  const revisions = new KeyMap<number>();
  return (key) => {
    if (list !== null) {
      for (const { key: known, revision } of list()) revisions.set(known, revision);
      // It may keep more alive than its revisions.
      list = null;
    }
    return revisions.get(key) ?? null;
  };
}

function expectedRevisions(
  { changes }: Pick<PlanDocument, 'changes'>,
  stored: readonly StoredEntry[],
): SyncResult['revisionOf'] {
  const present = lookUp(() => stored);
  return lookUp(() => {
    const written = changes.filter((change) => isChange(change) && change.state !== 'DELETED');
    return [...stored, ...written.map(({ key }) => ({ key, revision: (present(key) ?? 0) + 1 }))];
  });
}
