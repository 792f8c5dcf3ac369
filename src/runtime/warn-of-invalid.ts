import type { PlanChange } from '../../schemas/plan.js';
import type { Scope } from '../storage/types.js';
import type { RunContext } from './context.js';

/** Warns of what is invalid in git and left as it is, each with its reason, which names the file. */
export function warnOfInvalid(
  { logger }: RunContext,
  { kind }: Pick<Scope, 'kind'>,
  invalid: Iterable<Pick<PlanChange, 'note'>>,
): void {
  const message = kind === 'flow' ? 'not a valid flow, left as it is' : 'not synced';
  for (const { note } of invalid) logger.warn({ file: note }, message);
}
