import type { ResourceKey } from '../../schemas/resources.js';
import {
  CancelledError,
  PartiallyAppliedError,
  reportError,
  StorageConflictError,
  StorageError,
} from '../errors.js';
import { blobId } from '../resources/blob-id.js';
import {
  type AppliedChange,
  type Batch,
  formatKey,
  type StorageAdapter,
  type StorageCallOptions,
  type StorageChange,
} from './types.js';

/**
 * Applies a batch so that it lands whole or not at all, as far as the storage lets it. One that is not atomic may fail
 * half-way: then what it wrote is undone, last change first.
 * @throws PartiallyAppliedError naming what stands, when not all of it could be undone
 * @throws StorageError when all of it was; what the storage threw when it had written nothing
 */
export async function applyOrUndo(
  storage: StorageAdapter,
  batch: Batch,
  options: StorageCallOptions = {},
): Promise<AppliedChange[]> {
  if (storage.atomic !== false) return storage.apply(batch, options);
  const steps = await rememberBefore(storage, batch, options);
  try {
    return await storage.apply(batch, options);
  } catch (error) {
    // Whoever cancelled the batch wants its rest undone all the more: the signal is not handed on.
    throw await undo(storage, steps, error);
  }
}

/** A change with what takes it back. */
interface Step {
  change: StorageChange;
  before: Uint8Array | null;
  /** Blob ids before and after; null is absent. */
  from: string | null;
  to: string | null;
}

async function rememberBefore(
  storage: StorageAdapter,
  { changes }: Batch,
  options: StorageCallOptions,
): Promise<Step[]> {
  const contents = await storage.read(
    changes.map(({ key }) => key),
    options,
  );
  return changes.map((change, index) => ({
    change,
    before: contents[index]?.content ?? null,
    from: contents[index]?.oid ?? null,
    to: change.action === 'put' ? blobId(change.content) : null,
  }));
}

async function undo(storage: StorageAdapter, steps: readonly Step[], error: unknown): Promise<unknown> {
  const written = await standing(storage, steps);
  if (written === null) return cannotTell(storage, steps, error);
  if (written.length === 0) return error;
  let left: readonly Step[] = written;
  // One change may be in the way of another, as a file is of a directory: what fails is tried again after the others.
  for (let before = left.length + 1; left.length > 0 && left.length < before; ) {
    before = left.length;
    for (const step of [...left].reverse()) await storage.apply({ changes: [inverse(step)] }).catch(() => {});
    const rest = await standing(storage, left);
    if (rest === null) return cannotTell(storage, left, error);
    left = rest;
  }
  return left.length === 0 ? undone(storage, written.length, error) : partial(storage, steps, left, error);
}

/** The steps whose outcome is what storage has now; null when it cannot be read. */
async function standing(storage: StorageAdapter, steps: readonly Step[]): Promise<Step[] | null> {
  try {
    const present = await storage.read(steps.map(({ change }) => change.key));
    return steps.filter(({ from, to }, index) => from !== to && (present[index]?.oid ?? null) === to);
  } catch {
    return null;
  }
}

/** Expects what the step wrote: what somebody else has written since then stays. */
function inverse({ change: { key }, before, from, to }: Step): StorageChange {
  if (before === null) return { action: 'delete', key, expectedOid: to ?? '' };
  return { action: 'put', key, content: before, expectedOid: from === null ? null : to };
}

function undone({ location }: StorageAdapter, count: number, error: unknown): unknown {
  if (error instanceof StorageConflictError || error instanceof CancelledError) return error;
  const { message, hint } = reportError(error);
  return new StorageError(
    `${message} ${count === 1 ? 'One change' : `${count} changes`} had been written to ${location} and ${count === 1 ? 'was' : 'were'} undone; it is as it was.`,
    { ...(hint !== null && { hint }), cause: error },
  );
}

function partial(
  { location }: StorageAdapter,
  steps: readonly Step[],
  left: readonly Step[],
  error: unknown,
): PartiallyAppliedError {
  const { message } = reportError(error);
  return new PartiallyAppliedError(
    `${message} Of ${steps.length} changes, ${left.length} could not be undone and ${left.length === 1 ? 'stands' : 'stand'} in ${location}: ${left.map(describe).join(', ')}. The rest is as it was.`,
    {
      hint: 'Run again when the storage works: it goes on from what stands.',
      data: { stands: left.map(({ change: { action, key } }) => ({ action, key })) },
      cause: error,
    },
  );
}

function cannotTell(
  { location }: StorageAdapter,
  steps: readonly Step[],
  error: unknown,
): PartiallyAppliedError {
  const { message } = reportError(error);
  const keys: ResourceKey[] = steps.map(({ change }) => change.key);
  return new PartiallyAppliedError(
    `${message} ${location} cannot be read, so that nobody can say which of ${steps.length} changes stand: ${steps.map(describe).join(', ')}.`,
    {
      hint: 'Run again when the storage works: it goes on from what stands.',
      data: { unknown: keys },
      cause: error,
    },
  );
}

function describe({ change, from }: Step): string {
  const verb = change.action === 'delete' ? 'deleted' : from === null ? 'added' : 'updated';
  return `${formatKey(change.key)} (${verb})`;
}
