import type { ResourceKey, ResourceKind } from '../../../schemas/resources.js';
import type { EffectiveChange, Known } from '../batch.js';
import { DirectoryCounts } from '../directory-counts.js';
import type { StorageChange, StoredEntry } from '../types.js';

/** A resource that is there (`content` set) or was deleted (`oid` and `content` null). */
export interface Held extends Known {
  content: Uint8Array | null;
}

/** One namespace of one kind. */
export interface Shelf {
  kind: ResourceKind;
  namespace: string;
  held: Map<string, Held>;
  /** Of files: those that hold something. */
  directories: DirectoryCounts;
  /** Of files: those that came to be since somebody looked whether all can lie in one tree. */
  unjudged: string[];
  /** Ids of what is there, in the order of listings, until one comes or goes. */
  order: string[] | null;
  /** Grows with every change; never shrinks, so that sums of it are tokens. */
  changes: number;
}

export function openShelf({ kind, namespace }: ResourceKey): Shelf {
  const directories = new DirectoryCounts();
  return { kind, namespace, held: new Map(), directories, unjudged: [], order: null, changes: 0 };
}

/** Makes a change effective. `keep` gives the content to hold. */
export function hold(
  shelf: Shelf,
  { change, before, after: { oid, revision } }: EffectiveChange<Held>,
  keep: (put: StorageChange & { action: 'put' }) => Uint8Array,
): void {
  const { id } = change.key;
  const content = change.action === 'put' ? keep(change) : null;
  shelf.held.set(id, { oid, revision, content });
  shelf.changes += 1;
  const comes = content !== null;
  if (comes === isThere(before)) return;
  shelf.order = null;
  if (shelf.kind !== 'file') return;
  if (comes) {
    shelf.directories.add(id);
    shelf.unjudged.push(id);
  } else shelf.directories.remove(id);
}

/** Takes a change back, made or not. The shelf has to be counted anew then. */
export function restore(shelf: Shelf | undefined, { change, before }: EffectiveChange<Held>): void {
  if (shelf === undefined) return;
  if (before === undefined) shelf.held.delete(change.key.id);
  else shelf.held.set(change.key.id, before);
  shelf.order = null;
}

export function isThere(held: Held | undefined): boolean {
  return held !== undefined && held.oid !== null;
}

/** Finds out again which directories there are. */
export function recount(shelf: Shelf | undefined): void {
  if (shelf?.kind !== 'file') return;
  shelf.directories = new DirectoryCounts();
  shelf.unjudged = [];
  for (const [id, { oid }] of shelf.held) if (oid !== null) shelf.directories.add(id);
}

export function listShelf(shelf: Shelf): StoredEntry[] {
  const { kind, namespace, held } = shelf;
  shelf.order ??= orderOf(held);
  return shelf.order.flatMap((id): StoredEntry[] | StoredEntry => {
    const { oid = null, revision = 0, content = null } = held.get(id) ?? {};
    if (oid === null || content === null) return [];
    return { key: { kind, namespace, id }, oid, revision, size: content.byteLength };
  });
}

function orderOf(held: ReadonlyMap<string, Held>): string[] {
  const ids: string[] = [];
  for (const [id, { content }] of held) if (content !== null) ids.push(id);
  // By code unit, as JavaScript sorts text by itself.
  return ids.sort();
}

/** The order of listings: by code unit. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
