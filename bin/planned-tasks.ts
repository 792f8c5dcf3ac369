import type { TaskRun } from '../schemas/execution.js';
import type { PlanDocument, PlanEndpoint } from '../schemas/plan.js';
import type { Plan } from '../src/plan/plan.js';
import type { ExecutionEvent } from '../src/runtime/execution-events.js';

/** A plan that a task made, and what the task said at its end. */
export interface PlannedTask {
  taskId: string;
  plan: Plan;
  /** Null when the task was still running at the end. */
  run: TaskRun | null;
}

/** Collects the plans of an execution. A task that plans again, having lost a race, replaces what it planned before. */
export class PlannedTasks {
  readonly #planned: PlannedTask[] = [];

  readonly onEvent = (event: ExecutionEvent): void => {
    if (event.type === 'task-planned') this.#add(event.taskId, event.plan);
    if (event.type === 'task-ended') {
      for (const planned of this.#planned) {
        if (planned.taskId === event.run.taskId) planned.run ??= event.run;
      }
    }
  };

  list(): readonly PlannedTask[] {
    return this.#planned;
  }

  #add(taskId: string, plan: Plan): void {
    const subject = subjectOf(plan.document);
    const planned = { taskId, plan, run: null };
    const earlier = this.#planned.findIndex(
      (other) => other.run === null && other.taskId === taskId && subjectOf(other.plan.document) === subject,
    );
    if (earlier === -1) this.#planned.push(planned);
    else this.#planned[earlier] = planned;
  }
}

/** The URI of the file that lists every row of the task's plan. */
export function rowsUriOf(run: TaskRun | null): string | null {
  const uris = Object.values(run?.outputs ?? {});
  return uris.find((value): value is string => typeof value === 'string' && value.endsWith('.jsonl')) ?? null;
}

/** What a plan is about, whichever commit it was made on: one task may plan flows, files and dashboards. */
function subjectOf(plan: PlanDocument): string {
  return JSON.stringify([plan.direction, placeOf(plan.source), placeOf(plan.target)]);
}

function placeOf(endpoint: PlanEndpoint): unknown[] {
  return endpoint.kind === 'git'
    ? [endpoint.url, endpoint.revision, endpoint.directory]
    : [endpoint.location, endpoint.resource, endpoint.namespace, endpoint.children];
}
