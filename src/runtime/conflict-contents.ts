import type { PlanEndpoint } from '../../schemas/plan.js';
import { FlowgitError } from '../errors.js';
import { throwIfCancelled } from '../git/cancelled.js';
import type { Snapshot } from '../git/types.js';
import type { ComparedChange } from '../plan/compare.js';
import { summarize } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import type { Resolution } from '../plan/resolve-conflicts.js';
import type { RunContext } from './context.js';

type Read = (changes: readonly ComparedChange[]) => Promise<ReadonlyMap<string, Uint8Array>>;

/** Contents to write: those that were merged are at hand. */
export function readMerged(read: Read, { merged }: Resolution): Read {
  if (merged.size === 0) return read;
  return async (changes) => {
    const contents = await read(changes.filter(({ after }) => after !== null && !merged.has(after)));
    return new Map([...contents, ...merged]);
  };
}

/**
 * What both sides had in common, by blob id. The remote may have forgotten some of it, after a branch was rewritten for
 * instance: one of those must not keep the others from being read.
 */
export async function readBases(
  context: RunContext,
  snapshot: Snapshot | null,
  oids: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (snapshot === null) return new Map();
  try {
    return await snapshot.read(oids);
  } catch (error) {
    if (!(error instanceof FlowgitError)) throw error;
    throwIfCancelled(context.signal);
    if (oids.length > 1) {
      const each = await Promise.all(oids.map((oid) => readBases(context, snapshot, [oid])));
      return new Map(each.flatMap((contents) => [...contents]));
    }
    context.logger.debug(
      { oid: oids[0], error: error.message },
      'what both sides had in common cannot be had',
    );
    return new Map();
  }
}

/** What is left as it is until somebody decides: its record stays, also where the target does not have it any more. */
export function isUndecided({ state, before }: ComparedChange): boolean {
  return state === 'CONFLICT' || (state === 'UNCHANGED' && before === null);
}

/** The conflicts that stop a run, shown as a plan that changes nothing. */
export function planOfConflicts(
  run: { direction: 'SYNC' | 'PUSH'; task: string; source: PlanEndpoint; target: PlanEndpoint },
  conflicts: readonly ComparedChange[],
): Plan {
  const changes = [...conflicts];
  return {
    document: { version: 1, ...run, changes, summary: summarize(changes) },
    get volume(): never {
      throw new Error('A plan that was refused writes nothing.');
    },
    diff: async () => '',
  };
}
