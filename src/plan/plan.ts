import type { Volume } from 'memfs';
import type { PlanChange, PlanDocument } from '../../schemas/plan.js';
import type { PreparedPlan } from './prepared-plan.js';

/**
 * A computed plan: the plain document, and the contents behind its ids for as long as the run lasts.
 * Nothing has been written when a plan exists.
 */
export interface Plan {
  readonly document: PlanDocument;
  /** The would-be working tree of the changed files in memory (memfs), made when first asked for. */
  readonly volume: Volume;
  /** Unified diff of one change; a single line for binary content, `''` when nothing changes. */
  diff(change: PlanChange): Promise<string>;
  /** What applying it takes, as plain data; absent when plans are not to be saved. */
  prepare?(): PreparedPlan;
}
