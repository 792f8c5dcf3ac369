import type { FlowDefinition, TaskDefinition } from '../../schemas/flow.js';
import type { SharedDirectory } from './flow-context.js';
import type { FlowRun, Place } from './flow-run.js';

/** The task run that a set of variables is for. */
export interface VariablesTask {
  definition: TaskDefinition;
  runId: string;
  startedAt: Date;
  attemptsCount: number;
  directory: SharedDirectory;
}

/** What expressions see at a place of a flow, named as Kestra names it; with `task`, what that task's run sees. */
export function variablesAt(run: FlowRun, place: Place, task?: VariablesTask): Record<string, unknown> {
  const { flow, options } = run;
  return {
    flow: {
      id: flow.id,
      namespace: flow.namespace,
      tenantId: 'main',
      ...(options.revision !== undefined && { revision: options.revision }),
    },
    execution: { id: run.executionId, startDate: run.startedAt.toISOString(), state: place.executionState },
    inputs: run.inputs,
    vars: flow.variables ?? {},
    outputs: place.outputs.view(),
    labels: labelsOf(flow),
    envs: options.envs ?? {},
    globals: {},
    parents: place.parents,
    ...(place.parents[0] !== undefined && { parent: place.parents[0] }),
    ...(options.trigger !== undefined && { trigger: options.trigger }),
    ...(place.item !== null && { item: place.item }),
    ...(place.error !== null && { error: place.error }),
    ...(task !== undefined && taskVariables(place, task)),
  };
}

function taskVariables(place: Place, task: VariablesTask): Record<string, unknown> {
  const { iteration } = place;
  return {
    task: { id: task.definition.id, type: task.definition.type },
    taskrun: {
      id: task.runId,
      startDate: task.startedAt.toISOString(),
      attemptsCount: task.attemptsCount,
      ...(iteration?.value !== undefined && { value: iteration.value, iteration: iteration.index }),
    },
    workingDir: task.directory.location,
  };
}

/** Labels as a map, whichever way the flow writes them. */
function labelsOf(flow: FlowDefinition): Record<string, unknown> {
  if (!Array.isArray(flow.labels)) return flow.labels ?? {};
  return Object.fromEntries(flow.labels.map(({ key, value }) => [key, value]));
}
