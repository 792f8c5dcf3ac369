import type { ResourceKind } from '../../../schemas/resources.js';
import type { Known } from '../batch.js';
import { DirectoryCounts } from '../directory-counts.js';
import type { StoredEntry } from '../types.js';

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
  /** The listing, until the next change. */
  listing: StoredEntry[] | null;
  /** Grows with every change; never shrinks, so that sums of it are tokens. */
  changes: number;
}

/** What an id held before a batch. */
export interface Former {
  shelf: Shelf;
  id: string;
  before: Held | undefined;
}

export function hold(shelf: Shelf, id: string, after: Held, undo: Former[]): void {
  undo.push({ shelf, id, before: shelf.held.get(id) });
  shelf.held.set(id, after);
  shelf.listing = null;
  shelf.changes += 1;
}

export function restore(undo: readonly Former[]): void {
  for (const { shelf, id, before } of undo.toReversed()) {
    if (before === undefined) shelf.held.delete(id);
    else shelf.held.set(id, before);
    shelf.listing = null;
  }
}

export function recount(shelf: Shelf | undefined): void {
  if (shelf?.kind !== 'file') return;
  shelf.directories = new DirectoryCounts();
  for (const [id, { oid }] of shelf.held) if (oid !== null) shelf.directories.add(id);
}

export function listShelf(shelf: Shelf): StoredEntry[] {
  const entries: StoredEntry[] = [];
  for (const [id, { oid, revision, content }] of shelf.held) {
    if (oid === null || content === null) continue;
    const key = { kind: shelf.kind, namespace: shelf.namespace, id };
    entries.push({ key, oid, revision, size: content.byteLength });
  }
  return entries.sort((a, b) => compareText(a.key.id, b.key.id));
}

/** The order of listings: by code unit. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
