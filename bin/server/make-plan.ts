import { randomUUID } from 'node:crypto';
import type { ErrorReport } from '../../schemas/error-codes.js';
import { FlowgitError, TaskFailedError } from '../../src/errors.js';
import { Redactor } from '../../src/redaction.js';
import { memoryOutputFiles } from '../../src/runtime/create-context.js';
import { executeFlow } from '../../src/runtime/execute-flow.js';
import { savePlan } from '../../src/runtime/saved-plan/save-plan.js';
import type { MakePlan } from '../../src/server/plans/plan-store.js';
import { PlannedTasks } from '../planned-tasks.js';
import type { Session } from '../session.js';
import type { ServerEngine } from './server-engine.js';

/** Plans flows inside the server, as `flowgit plan -o` does. */
export function planMaker(session: Session, engine: ServerEngine): MakePlan {
  return async ({ flow, inputs, signal }) => {
    const planned = new PlannedTasks();
    const redactor = new Redactor();
    const executionId = randomUUID();
    const execution = await executeFlow(flow, {
      registry: engine.registry,
      storage: engine.storage,
      git: engine.git,
      network: engine.network,
      logger: await session.logger(),
      secrets: engine.secrets,
      redactor,
      envs: session.surroundings.envs,
      inputs,
      executionId,
      outputFiles: memoryOutputFiles(executionId),
      signal,
      onEvent: planned.onEvent,
      overrides: { dryRun: true },
      savesPlans: true,
    });
    if (execution.state !== 'SUCCESS' && execution.state !== 'WARNING') {
      const failed = execution.taskRuns.find(({ error }) => error !== null);
      throw new PlanningFailedError(execution.error ?? failed?.error ?? null);
    }
    const succeeded = planned.list().filter(({ run }) => run !== null && run.error === null);
    return savePlan({ ...engine.openContext(signal), redactor }, succeeded, flow);
  };
}

/** What a task failed with, told as the failure of the request. */
class PlanningFailedError extends FlowgitError {
  readonly code: ErrorReport['code'];
  override readonly retryable: boolean;

  constructor(report: ErrorReport | null) {
    const { message, hint, code, retryable } =
      report ?? new TaskFailedError('The flow could not be planned.');
    super(message, hint === null ? {} : { hint });
    this.code = code;
    this.retryable = retryable;
  }
}
