import type * as z from 'zod';
import type { ConnectionProperties } from '../../schemas/connection.js';
import type { authorship } from '../../schemas/transfer.js';
import { commitUrl } from '../git/commit-url.js';
import type { FileChange, GitEntry, PushBase, ReadOptions, Remote, Signature } from '../git/types.js';
import type { ComparedChange, CurrentResource, DesiredResource, HeldResource } from '../plan/compare.js';
import { isChange, makePlan, type StagedPlan } from '../plan/make-plan.js';
import { refusePathClashes } from '../plan/path-clashes.js';
import { type CommitEffect, digestListing, type PreparedPlan, recordsOf } from '../plan/prepared-plan.js';
import { formatRevision, jsonLines, pushRow, remarks } from '../plan/report.js';
import type { ConflictContents, Resolution } from '../plan/resolve-conflicts.js';
import { readCounterpart } from '../plan/sync-records.js';
import type { SyncedResource, SyncIdentity, SyncState } from '../plan/sync-state.js';
import { planTransfer, type TransferPolicy } from '../plan/transfer.js';
import { KeyedList, KeyMap, KeySet } from '../resources/key-map.js';
import { formatKey, type Scope, type StoredEntry } from '../storage/types.js';
import { applyCommitEffect } from './apply-effect.js';
import { isUndecided, planOfConflicts, readBases, readMerged } from './conflict-contents.js';
import type { RunContext } from './context.js';
import { pushEndpoints } from './push-sides.js';
import { preparation, settle } from './settle.js';
import type { Sign } from './signer.js';

type Authorship = z.output<z.ZodObject<typeof authorship>> & { username?: string | undefined };

/** What a push task found out before comparing. */
export interface PushInput {
  task: string;
  properties: ConnectionProperties & TransferPolicy & Authorship & { dryRun: boolean };
  defaultMessage: string;
  identity: SyncIdentity;
  state: SyncState;
  scope: Scope & { kind: SyncIdentity['kind'] };
  remote: Remote;
  base: PushBase;
  sign: Sign | undefined;
  desired: readonly DesiredResource[];
  current: readonly CurrentResource[];
  held: readonly HeldResource[];
  mayDelete?: (resource: CurrentResource) => boolean;
  /** Everything in the scope, pushed or not. */
  listed: readonly StoredEntry[];
  /** Everything below the directory of git, in scope or not. */
  entries: readonly GitEntry[];
  /** What a content of storage would be in git; absent where that is the same. */
  inGit?: ConflictContents['inTargetForm'];
  /** Contents to commit, by the blob id they have in git. */
  read(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface PushResult {
  plan: StagedPlan;
  /** Null when nothing differs, and on a dry run. */
  commitId: string | null;
  commitURL: string | null;
  revision: string | null;
}

/** Plans a push and, unless it is a dry run, commits and pushes it and records the sync state. */
export async function pushToGit(context: RunContext, input: PushInput): Promise<PushResult> {
  const { remote, base, identity, properties } = input;
  const { kind, namespace, children } = input.scope;
  const commit = base.snapshot?.commit ?? null;
  const { source, target } = pushEndpoints(context, input);
  const run = { direction: 'PUSH', task: input.task, source, target } as const;
  const transfer = {
    ...input,
    policy: properties,
    target: 'git',
    sourceName: `namespace ${namespace}${children ? ' and below' : ''} (${kind}s)`,
    targetName: `"${identity.directory || '.'}" of ${remote.url} on branch ${base.branch}`,
  } as const;
  const readFromGit = async (wanted: readonly ComparedChange[], options?: ReadOptions) => {
    const oids = wanted.flatMap(({ before }) => (before === null ? [] : [before]));
    return base.snapshot === null || oids.length === 0
      ? new Map<string, Uint8Array>()
      : base.snapshot.read([...new Set(oids)], options);
  };
  const read = [input.state];
  const { changes, ...resolution } = await planTransfer(transfer, {
    counterpart: () => readCounterpart(context.storage, identity, (state) => read.push(state)),
    contents: {
      source: input.read,
      target: readFromGit,
      base: (oids) => readBases(context, base.snapshot, oids),
      inTargetForm: input.inGit ?? ((content) => content),
    },
    onRefused: (conflicts) => context.onPlan(planOfConflicts(run, conflicts)),
  });
  refusePathClashes(
    changes,
    input.entries.map(({ path }) => path),
  );
  const pushes = !properties.dryRun && changes.some(isChange);
  if (pushes) remote.expectPush();
  const readAfter = readMerged(input.read, resolution);
  const settled: SettledPush = { ...input, ...resolution, staged: [] };
  const plan = await makePlan({
    ...run,
    changes,
    async readAfter(wanted) {
      const contents = await readAfter(wanted);
      settled.staged = stagedChanges(changes, contents, input.entries);
      if (pushes) remote.expectPush({ base, changes: settled.staged });
      return contents;
    },
    readBefore: (replaced) => readFromGit(replaced, { once: pushes }),
    prepare: preparation(context, { connection: properties }, (made) =>
      prepare(context, made, settled, read),
    ),
  });
  const commitId = await settle(context, plan, properties.dryRun, () =>
    applyCommitEffect(context, commitEffect(context, plan, settled), { ...input, plan: plan.outline }),
  );
  return {
    plan,
    commitId,
    commitURL: commitId === null ? null : commitUrl(remote.url, commitId),
    revision: formatRevision(base.branch, commitId ?? commit),
  };
}

/** The rows of a push: changed files only. */
export function pushRows(plan: StagedPlan): Buffer {
  return rowsOf(plan.document.changes.filter(({ state }) => state !== 'UNCHANGED'));
}

/** The rows of the next push, when nothing changes. */
export function settledPushRows({ outline }: StagedPlan): Buffer {
  return rowsOf(outline.changes.filter(({ state }) => state === 'INVALID'));
}

function rowsOf(changes: readonly ComparedChange[]): Buffer {
  return jsonLines(changes, (change) => ({ ...pushRow(change), ...remarks(change) }));
}

interface SettledPush extends PushInput, Resolution {
  /** What is committed: the bytes that the plan's volume shows, so that a real run writes what a dry run shows. */
  staged: readonly FileChange[];
}

/** What was read, and what applying the plan writes. */
function prepare(
  context: RunContext,
  plan: StagedPlan,
  input: SettledPush,
  read: readonly SyncState[],
): Pick<PreparedPlan, 'basis' | 'effect'> {
  const { base, scope, listed } = input;
  return {
    basis: {
      scope,
      listing: digestListing(listed),
      records: recordsOf(read),
      git: {
        revision: { branch: base.branch },
        commit: base.snapshot?.commit ?? null,
        tip: base.tip,
      },
    },
    effect: commitEffect(context, plan, input),
  };
}

function commitEffect(context: RunContext, plan: StagedPlan, input: SettledPush): CommitEffect {
  const { properties, defaultMessage, identity } = input;
  return {
    kind: 'commit',
    changes: input.staged,
    message: properties.commitMessage ?? defaultMessage,
    author: authorOf(properties, context.clock()),
    state: {
      identity,
      // Worked out while the remote takes the push.
      get resources() {
        return syncedAfter(plan, input);
      },
    },
  };
}

function stagedChanges(
  changes: readonly ComparedChange[],
  contents: ReadonlyMap<string, Uint8Array>,
  entries: readonly GitEntry[],
): FileChange[] {
  const effective = changes.filter(isChange);
  const present = presentAmong(effective, entries);
  return effective.map(({ gitPath: path, state, after }) => {
    if (state === 'DELETED') return { path, content: null };
    const content = contents.get(after ?? '');
    if (content === undefined) throw new Error(`The plan holds no content for ${path}.`);
    return { path, content, atRemote: present.has(after ?? '') };
  });
}

/** The contents to be that git has already, under another name: what was moved or copied in storage. */
function presentAmong(changes: readonly ComparedChange[], entries: readonly GitEntry[]): ReadonlySet<string> {
  if (entries.length === 0) return new Set();
  const wanted = new Set(changes.map(({ after }) => after));
  const present = entries.filter(({ mode, oid }) => mode !== '160000' && wanted.has(oid));
  return new Set(present.map(({ oid }) => oid));
}

function authorOf(properties: Authorship, now: Date): Signature {
  const name = properties.authorName ?? properties.username ?? 'flowgit';
  const email = properties.authorEmail ?? (name.includes('@') ? name : 'flowgit@localhost');
  return { name, email, timestamp: Math.floor(now.getTime() / 1000), timezoneOffset: 0 };
}

/** What both sides have after the push. What was merged has another content in git than in storage. */
function syncedAfter(plan: StagedPlan, input: SettledPush): SyncedResource[] {
  const { changes } = plan.outline;
  const desired = new KeyedList(input.desired);
  const synced = new KeyMap<SyncedResource>();
  for (const resource of recordsToKeep(changes, input)) synced.set(resource.key, resource);
  for (const { key, gitPath, state, after: gitOid } of changes) {
    if (state === 'DELETED') {
      synced.delete(key);
      continue;
    }
    const wanted = desired.get(key);
    if (wanted === undefined || gitOid === null) continue;
    const { storedOid } = wanted;
    const ancestor = input.ancestors.size === 0 ? undefined : input.ancestors.get(formatKey(key));
    if (ancestor !== undefined) synced.set(key, { gitPath, key, gitOid, storedOid, ancestor });
    else if (gitOid === wanted.gitOid) synced.set(key, { gitPath, key, gitOid, storedOid });
  }
  return [...synced.values()];
}

/** What earlier runs saw of resources that git still has, or that this one left undecided. */
function recordsToKeep(
  changes: readonly ComparedChange[],
  { state, current }: SettledPush,
): SyncedResource[] {
  if (state.bytes === null) return [];
  const present = new KeySet();
  for (const { key } of current) present.add(key);
  for (const change of changes) if (isUndecided(change)) present.add(change.key);
  return [...state.byKey.values()].filter(({ key }) => present.has(key));
}
