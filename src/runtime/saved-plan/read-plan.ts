import * as z from 'zod';
import type { PlanChange } from '../../../schemas/plan.js';
import { type SavedPlan, type SavedTask, savedPlan } from '../../../schemas/saved-plan.js';
import { InvalidPlanError } from '../../errors.js';
import { isChange } from '../../plan/make-plan.js';
import { digestPlan } from '../../plan/plan-digest.js';
import { restoreContent } from '../../plan/saved-content.js';
import { blobId } from '../../resources/blob-id.js';
import { formatKey } from '../../storage/types.js';

/**
 * Takes a saved plan, as a value or as the text of its file, for what it is: unchanged since it was saved, and writing
 * exactly what it shows.
 * @throws InvalidPlanError
 */
export function readPlan(plan: unknown): SavedPlan {
  const value = typeof plan === 'string' ? parseJson(plan) : plan;
  const head = z.looseObject({ format: z.literal('flowgit-plan'), version: z.unknown() }).safeParse(value);
  if (!head.success) throw invalid('it is not a plan that flowgit saved');
  if (head.data.version !== 1)
    throw invalid(`its version is ${JSON.stringify(head.data.version)}, and this flowgit reads version 1`);
  const result = savedPlan.safeParse(value);
  if (!result.success) throw invalid(`it was damaged or edited: ${z.prettifyError(result.error)}`);
  if (digestPlan(value as SavedPlan) !== result.data.digest)
    throw invalid('it was edited or damaged since it was saved: its digest differs');
  for (const task of result.data.tasks) refuseContradiction(task);
  return result.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** The digest tells that a file is whole. That what it shows is what it writes is seen by comparing the two. */
function refuseContradiction({ taskId, plan, effect }: SavedTask): void {
  const shown = new Map(plan.changes.filter(isChange).map((change) => [nameOf(change, effect.kind), change]));
  const entries = writtenOids(effect);
  const written = new Map(entries);
  const differs =
    entries.length !== written.size ||
    shown.size !== written.size ||
    [...written].some(([name, oids]) => {
      const change = shown.get(name);
      return (
        change === undefined ||
        change.after !== oids.after ||
        (oids.before !== undefined && change.before !== oids.before)
      );
    });
  const direction = effect.kind === 'batch' ? 'SYNC' : 'PUSH';
  if (differs || plan.direction !== direction || effect.state.identity.direction !== direction)
    throw invalid(`what it shows for task "${taskId}" is not what it would write`);
}

function writtenOids(
  effect: SavedTask['effect'],
): [string, { before?: string | null; after: string | null }][] {
  if (effect.kind === 'batch') {
    // What is taken over from another sync changes that one's record as well, which no plan shows.
    const resources = effect.changes.filter(({ key }) => key.kind !== 'state');
    return resources.map((change) => {
      const after = change.action === 'put' ? blobId(restoreContent(change.content)) : null;
      return [formatKey(change.key), { before: change.expectedOid, after }];
    });
  }
  return effect.changes.map(({ path, content }) => [
    path,
    { after: content === null ? null : blobId(restoreContent(content)) },
  ]);
}

function nameOf(change: PlanChange, kind: SavedTask['effect']['kind']): string {
  return kind === 'batch' ? formatKey(change.key) : change.gitPath;
}

function invalid(why: string): InvalidPlanError {
  return new InvalidPlanError(`The plan cannot be applied: ${why}.`, {
    hint: 'Make it again with "flowgit plan FLOW.yml -o PLAN.json". Nothing was written.',
  });
}
