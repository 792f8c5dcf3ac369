import type { ChangeState, PlanChange } from '../../schemas/plan.js';
import type { ResourceKey } from '../../schemas/resources.js';
import { KeyedList, KeySet } from '../resources/key-map.js';
import { formatKey } from '../storage/types.js';
import type { SyncedResource } from './sync-state.js';

/**
 * A resource as the source wants it to be in the target. Of its blob ids one is the source's own, and the other what the
 * target will have: where nothing comes between, this is what both sides have in common afterwards.
 */
export type DesiredResource = Omit<SyncedResource, 'origin' | 'ancestor'>;

/** A resource as the target has it now. */
export interface CurrentResource {
  key: ResourceKey;
  gitPath: string;
  oid: string;
}

/** A resource whose copy in the target stays as it is, whatever the source says. */
export interface HeldResource {
  key: ResourceKey;
  /** Null when no file stands for it: then it is listed where the target has it. */
  gitPath: string | null;
  state: 'INVALID' | 'UNCHANGED';
  note: string;
}

export interface Comparison {
  desired: readonly DesiredResource[];
  current: readonly CurrentResource[];
  held: readonly HeldResource[];
  /** Whether what the source lacks goes; a function decides case by case. */
  deletes: boolean | ((resource: CurrentResource) => boolean);
  /** What both sides had at the last run, by `formatKey`. Empty the first time. */
  base: ReadonlyMap<string, SyncedResource>;
  /** Which of the base's two ids is the target's. */
  target: 'storage' | 'git';
  /** What the sync or push of the other direction last saw on both sides, by `formatKey`. */
  counterpart?: ReadonlyMap<string, readonly SyncedResource[]> | undefined;
  /**
   * Two sides changed since the base: take the source's, or leave the target's and report it. `MERGE` reports what has
   * to be merged, and leaves what only the target changed.
   */
  onConflict: 'SOURCE' | 'SKIP' | 'MERGE';
}

/** A change; its lines are counted when the plan is made. */
export type ComparedChange = PlanChange;

/**
 * Compares what should be with what is, by blob ids alone. Pure: the same input gives the same changes, sorted by git
 * path. Every resource of either side comes out once, and once more for each further file that is an invalid form of
 * it; deletions come out only where they are wanted.
 */
export function compare(input: Comparison): ComparedChange[] {
  const current = new KeyedList(input.current);
  const met = new Uint8Array(input.current.length);
  const take = (key: ResourceKey): CurrentResource | null => {
    const place = current.indexOf(key);
    if (place === -1) return null;
    met[place] = 1;
    return input.current[place] ?? null;
  };
  const settled = new KeySet();
  const changes: ComparedChange[] = [];

  const invalidFirst = [...input.held].sort(
    (a, b) => Number(b.state === 'INVALID') - Number(a.state === 'INVALID'),
  );
  for (const held of invalidFirst) {
    const present = take(held.key);
    const gitPath = held.gitPath ?? present?.gitPath;
    if (gitPath === undefined || (held.state === 'UNCHANGED' && settled.has(held.key))) continue;
    settled.add(held.key);
    const oid = present?.oid ?? null;
    changes.push(changeOf(held.state, { key: held.key, gitPath }, oid, oid, held.note));
  }
  for (const desired of input.desired) {
    if (!settled.add(desired.key)) continue;
    changes.push(compareOne(desired, take(desired.key), input));
  }
  input.current.forEach((resource, place) => {
    if (met[place] === 1 || settled.has(resource.key)) return;
    const goes = typeof input.deletes === 'boolean' ? input.deletes : input.deletes(resource);
    if (goes) changes.push(deletion(resource, input));
  });
  return changes.sort(byPath);
}

/** What the changes delete, by `formatKey`. */
export function deletedBy(changes: readonly ComparedChange[]): Set<string> {
  return new Set(changes.flatMap(({ key, state }) => (state === 'DELETED' ? [formatKey(key)] : [])));
}

function compareOne(
  desired: DesiredResource,
  current: CurrentResource | null,
  input: Comparison,
): ComparedChange {
  // On a push the file that git already has is the one to change, whatever its name.
  const place = input.target === 'git' && current !== null ? current : desired;
  const before = current?.oid ?? null;
  const after = targetOidOf(desired, input);
  if (before === after) return changeOf('UNCHANGED', place, before, after);
  const base = baseOf(desired.key, input);
  const targetChanged = base === undefined ? current !== null : changedSince(base, current, input);
  const sourceChanged = base !== undefined && sourceOidOf(base, input) !== sourceOidOf(desired, input);
  const agreed = isAgreed(desired, current, input);
  if (input.onConflict === 'MERGE') {
    if (base === undefined && targetChanged && !agreed)
      return changeOf('CONFLICT', place, before, before, unknownNote);
    const isOwn = input.base.has(formatKey(desired.key));
    if (base !== undefined && !sourceChanged && targetChanged && (isOwn || !agreed)) {
      // A merge made it so: both sides are as it left them.
      if (before === targetOidOf(base, input)) return changeOf('UNCHANGED', place, before, before);
      return changeOf('UNCHANGED', place, before, before, keptNote(current));
    }
  }
  const bothChanged = base !== undefined && targetChanged && sourceChanged && !agreed;
  if (bothChanged && input.onConflict !== 'SOURCE')
    return changeOf('CONFLICT', place, before, before, conflictNote(current));
  if (current === null) return changeOf('ADDED', place, before, after);
  return changeOf(bothChanged ? 'OVERWRITTEN' : 'UPDATED', place, before, after);
}

function deletion(resource: CurrentResource, input: Comparison): ComparedChange {
  const { key, oid } = resource;
  const base = baseOf(key, input);
  if (base !== undefined && changedSince(base, resource, input) && input.onConflict !== 'SOURCE')
    return changeOf('CONFLICT', resource, oid, oid, 'deleted in the source, changed in the target');
  return changeOf('DELETED', resource, oid, null);
}

function changeOf(
  state: ChangeState,
  { key, gitPath }: Pick<CurrentResource, 'key' | 'gitPath'>,
  before: string | null,
  after: string | null,
  note: string | null = null,
): ComparedChange {
  return { state, key, gitPath, before, after, additions: 0, deletions: 0, replaced: 0, note };
}

/** Where no run of its own has seen a resource, and conflicts matter, it is judged by what the other direction saw. */
function baseOf(key: ResourceKey, { base, counterpart, onConflict }: Comparison): SyncedResource | undefined {
  const others = onConflict === 'SOURCE' ? undefined : counterpart;
  if (base.size === 0 && others === undefined) return undefined;
  const name = formatKey(key);
  return base.get(name) ?? others?.get(name)?.at(-1);
}

/** Whether the target is not what the run of the base left, or has more than the source because that run merged. */
function changedSince(base: SyncedResource, current: CurrentResource | null, input: Comparison): boolean {
  return base.ancestor !== undefined || targetOidOf(base, input) !== (current?.oid ?? null);
}

/**
 * Whether both sides are as a run of the other direction left them: what the target has went into the source then. That
 * the target alone is so proves nothing, somebody may have brought an old content back.
 */
function isAgreed(desired: DesiredResource, current: CurrentResource | null, input: Comparison): boolean {
  if (input.counterpart === undefined) return false;
  const seen = input.counterpart.get(formatKey(desired.key)) ?? [];
  const sourceOid = sourceOidOf(desired, input);
  return seen.some(
    (row) => sourceOidOf(row, input) === sourceOid && targetOidOf(row, input) === (current?.oid ?? null),
  );
}

/** Which of the two ids is the target's. */
export function targetOidOf(
  { gitOid, storedOid }: DesiredResource,
  { target }: Pick<Comparison, 'target'>,
): string {
  return target === 'storage' ? storedOid : gitOid;
}

function sourceOidOf({ gitOid, storedOid }: DesiredResource, { target }: Comparison): string {
  return target === 'storage' ? gitOid : storedOid;
}

const unknownNote = 'different on both sides, and no earlier run says what they had in common';

function conflictNote(current: CurrentResource | null): string {
  return current === null ? 'changed in the source, deleted in the target' : 'changed on both sides';
}

function keptNote(current: CurrentResource | null): string {
  return `${current === null ? 'deleted' : 'changed'} in the target alone, left as it is`;
}

function byPath(a: ComparedChange, b: ComparedChange): number {
  if (a.gitPath !== b.gitPath) return a.gitPath < b.gitPath ? -1 : 1;
  const [left, right] = [formatKey(a.key), formatKey(b.key)];
  return left < right ? -1 : left > right ? 1 : 0;
}
