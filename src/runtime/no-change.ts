import type { PlanChange, PlanEndpoint, PlanSummary } from '../../schemas/plan.js';
import { reportError } from '../errors.js';
import { makePlan, type StagedPlan } from '../plan/make-plan.js';
import {
  type Agreement,
  findReceipt,
  type InvalidResource,
  leaveReceipt,
  type Receipt,
  writeReceipt,
} from '../plan/receipt.js';
import { tellsRows } from '../plan/state-rows.js';
import { type SyncedResource, type SyncIdentity, syncId } from '../plan/sync-state.js';
import type { TransferPolicy } from '../plan/transfer.js';
import { formatKey, type Scope, type StorageAdapter, type StoredEntry } from '../storage/types.js';
import type { RunContext } from './context.js';
import { settle } from './settle.js';
import { warnOfInvalid } from './warn-of-invalid.js';

/** A receipt is small: with more that is invalid than this, every run looks at all. */
const maxInvalid = 100;

export interface Unchanged {
  summary: PlanSummary;
  /** In pieces, end to end. */
  rows: Iterable<Uint8Array>;
}

export interface NoChangeInput {
  task: string;
  direction: 'SYNC' | 'PUSH';
  source: PlanEndpoint;
  target: PlanEndpoint;
  dryRun: boolean;
}

/** What a receipt of this run holds for. Whatever else decides about the outcome goes into `further`. */
export function agreementOf(
  context: RunContext,
  identity: SyncIdentity,
  commit: string,
  scope: Scope,
  { delete: deletes, deleteScope, onConflict }: TransferPolicy,
  further: object = {},
): Agreement {
  const { namespace, flowId } = context.identity;
  const choices = { deletes, deleteScope, onConflict, running: [namespace, flowId], ...further };
  return { id: syncId(identity), commit, scope, choices };
}

/** The outcome of a run that an earlier one's receipt shows to have nothing to do; null when it has to look. */
export async function unchangedSince(
  context: RunContext,
  agreement: Agreement,
  input: NoChangeInput,
): Promise<Unchanged | null> {
  if (context.saving !== undefined) return null;
  const receipt = await findReceipt(context.storage, agreement);
  return receipt === null ? null : unchangedBy(context, agreement, receipt, input);
}

/** As `unchangedSince`, with the receipt at hand. */
export async function unchangedBy(
  context: RunContext,
  agreement: Agreement,
  receipt: Receipt,
  input: NoChangeInput,
): Promise<Unchanged | null> {
  if (receipt.commit !== agreement.commit || receipt.signed !== agreement.signed) return null;
  if (!(await receipt.rows.read())) return null;
  const nothing = async () => new Map<string, Uint8Array>();
  const changes = (receipt.invalid ?? []).map((resource) => invalidChange(agreement.scope, resource));
  if (input.direction === 'SYNC') warnOfInvalid(context, agreement.scope, changes);
  const plan = await makePlan({ ...input, changes, readBefore: nothing, readAfter: nothing });
  plan.outline.summary.unchanged = receipt.unchanged;
  await settle(context, plan, input.dryRun, async () => null);
  if (input.direction === 'PUSH' && !input.dryRun)
    context.logger.info({ commit: agreement.commit }, 'nothing to commit');
  return { summary: plan.outline.summary, rows: receipt.rows.pieces() };
}

/** What a run that is over knows of its target. */
export interface Settled {
  plan: StagedPlan;
  listed: readonly StoredEntry[];
  /** Of the storage's scope after the run, when that is certain; otherwise the storage is listed once more. */
  version: string | null;
  /** What a sync reports when nothing changes after it. */
  settledRows(): Buffer;
  /** The sync's state after the run, where its lines may tell what those rows say. */
  recorded?: RecordedState | null | undefined;
  /** Whether ignore rules kept anything out. */
  ignoring: boolean;
}

/** A sync's state as a run left it. */
export interface RecordedState {
  /** Blob id of its record. */
  oid: string | null;
  /** In the order of its lines. */
  resources: readonly SyncedResource[];
}

/** The version, if the scope is still at it: then what was listed after it was asked for is what is there. */
export async function stillAt(
  storage: StorageAdapter,
  scope: Scope,
  version: string | null,
): Promise<string | null> {
  if (version === null) return null;
  return (await storage.version?.(scope)) === version ? version : null;
}

/** Leaves a receipt after a run that has nothing more to do; what is in conflict is told by every run anew. */
export async function rememberAgreement(
  context: RunContext,
  agreement: Agreement,
  { plan, listed, version, settledRows, recorded, ignoring }: Settled,
): Promise<void> {
  const { changes, summary, direction } = plan.outline;
  if (changes.some(({ state }) => state === 'CONFLICT')) return;
  const invalid = changes.filter(({ state }) => state === 'INVALID').map(invalidResource);
  // What the storage does not take today it may take tomorrow.
  const mayBecomeValid = invalid.length > 0 && context.storage.validate !== undefined;
  if (mayBecomeValid || invalid.length > maxInvalid) return;
  const leaving = changes.some(({ note }) => note !== null);
  const { added, updated, overwritten, unchanged, deleted } = summary;
  const receipt = {
    unchanged: added + updated + overwritten + unchanged,
    rows: (leaving ? null : stateThatTells(changes, recorded)) ?? settledRows(),
    ignoring: leaving || ignoring,
    ...(invalid.length > 0 && { invalid }),
  };
  if (version !== null) {
    const count = direction === 'SYNC' ? listed.length + added - deleted : listed.length;
    await shortCut(context, () =>
      writeReceipt(context.storage, agreement, { ...receipt, version, listed: count }),
    );
    return;
  }
  const expected = new Map(listed.map(({ key, oid }) => [formatKey(key), oid]));
  if (direction === 'SYNC') {
    for (const { key, after } of changes) {
      if (after === null) expected.delete(formatKey(key));
      else expected.set(formatKey(key), after);
    }
  }
  await shortCut(context, () => leaveReceipt(context.storage, agreement, expected, receipt));
}

function invalidResource({ key, gitPath, before, note }: PlanChange): InvalidResource {
  return { namespace: key.namespace, id: key.id, gitPath, oid: before, note };
}

function invalidChange({ kind }: Scope, { namespace, id, gitPath, oid, note }: InvalidResource): PlanChange {
  const key = { kind, namespace, id };
  const lines = { additions: 0, deletions: 0, replaced: 0 };
  return { state: 'INVALID', key, gitPath, before: oid, after: oid, ...lines, note };
}

function stateThatTells(
  changes: readonly PlanChange[],
  recorded: RecordedState | null | undefined,
): { state: string } | null {
  if (recorded == null || recorded.oid === null || !tellsRows(recorded.resources, changes)) return null;
  return { state: recorded.oid };
}

/** What was written stands: a receipt that cannot be left costs the next run some reading, and nothing else. */
export async function shortCut(context: RunContext, leave: () => Promise<void>): Promise<void> {
  try {
    await leave();
  } catch (error) {
    context.logger.debug({ error: reportError(error).message }, 'no receipt was left');
  }
}
