import type { ResourceKey } from '../../../schemas/resources.js';
import type { Stamp } from './stamp.js';

/** What lies at a path before or after a batch; `null` is nothing. `mode` is null for the system's default. */
export type Side = null | { type: 'directory' } | { type: 'file'; content: Uint8Array; mode: number | null };

/** One path's way from one state to the other. Never from a file to a directory: those are two steps. */
export interface Step {
  path: string;
  from: Side;
  to: Side;
  /** The stamp `from` was read under, while the process that read it still runs. */
  seen?: Stamp;
}

/** A resource's row in the revisions after the batch. */
export interface RowChange {
  key: ResourceKey;
  oid: string | null;
  revision: number;
  /** Where the resource lies; `null` when it is gone. */
  path: string | null;
}

/** A batch as it happens on the disk. It holds what was there before as well, so that it can be undone. */
export interface Movement {
  steps: Step[];
  rows: RowChange[];
}

/** The same steps backwards. */
export function reversed(movement: Movement): Step[] {
  return movement.steps.map(({ path, from, to }) => ({ path, from: to, to: from }));
}
