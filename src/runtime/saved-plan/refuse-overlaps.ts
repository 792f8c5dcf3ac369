import type { SavedTask } from '../../../schemas/saved-plan.js';
import { UnsupportedError } from '../../errors.js';
import { syncId } from '../../plan/sync-state.js';
import { inScope } from '../../storage/types.js';

/**
 * Refuses plans of which one reads what an earlier one writes. All of them are made against what is there now, so the
 * later one would not be what its task does in the flow.
 * @throws UnsupportedError
 */
export function refuseOverlaps(tasks: readonly SavedTask[]): void {
  tasks.forEach((later, index) => {
    for (const earlier of tasks.slice(0, index)) {
      const what = meeting(earlier, later);
      if (what === null) continue;
      throw new UnsupportedError(
        `The plans of tasks "${earlier.taskId}" and "${later.taskId}" cannot be saved together: ${what}, so that the second depends on what the first does.`,
        { hint: 'Put the tasks into flows of their own; plan the second when the first was applied.' },
      );
    }
  });
}

function meeting(earlier: SavedTask, later: SavedTask): string | null {
  const { effect } = earlier;
  const record = syncId(later.effect.state.identity);
  if (syncId(effect.state.identity) === record) return 'they are the same sync';
  if (effect.kind === 'batch') {
    const shared = effect.changes.find(({ key }) => inScope(later.basis.scope, key));
    if (effect.changes.some(({ key }) => key.kind === 'state' && key.id === record))
      return 'the first takes over what the second brought';
    return shared === undefined
      ? null
      : `the first writes ${shared.key.namespace}/${shared.key.id}, which the second reads`;
  }
  const { url, directory } = later.effect.state.identity;
  const { branch } = later.basis.git.revision;
  if (url !== effect.state.identity.url) return null;
  const readsBranch = branch === earlier.basis.git.revision.branch;
  // A branch that is yet to be made starts from the default branch, which may be the one that the first pushes to.
  const startsFresh = later.effect.kind === 'commit' && later.basis.git.tip === null;
  if (!readsBranch && !startsFresh) return null;
  const prefix = directory === '' ? '' : `${directory}/`;
  const shared = effect.changes.find(({ path }) => path.startsWith(prefix));
  return shared === undefined ? null : `the first commits ${shared.path}, which the second reads`;
}
