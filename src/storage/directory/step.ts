import type { ResourceKey } from '../../../schemas/resources.js';
import type { Stamp } from './stamp.js';

/** What lies at a path before or after a batch; `null` is nothing. `mode` is null for the system's default. */
export type Side = null | { type: 'directory' } | FileSide;

export interface FileSide {
  type: 'file';
  /** The content's blob id. */
  oid: string;
  content: Uint8Array;
  mode: number | null;
}

/**
 * One resource's way from one state to the other, on the disk and in the revisions. Never from a file to a directory:
 * those are two resources, `a` and `a/`. An empty directory that a batch fills has a step as well: its entry ends, but
 * the directory stays, and comes back when the batch is undone.
 */
export interface Step {
  key: ResourceKey;
  path: string;
  from: Side;
  to: Side;
  /** What the revisions say afterwards. */
  oid: string | null;
  revision: number;
  /** The stamp `from` was read under, while the process that read it still runs. */
  seen?: Stamp;
}

/** A step's way on the disk. */
export type Way = Pick<Step, 'path' | 'from' | 'to' | 'seen'>;

/** The same ways backwards. */
export function reversed(steps: readonly Way[]): Way[] {
  return steps.map(({ path, from, to }) => ({ path, from: to, to: from }));
}
