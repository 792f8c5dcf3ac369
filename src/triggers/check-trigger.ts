import type * as z from 'zod';
import type { FlowDefinition } from '../../schemas/flow.js';
import {
  findTriggerType,
  type PushTrigger,
  type ScheduleTrigger,
  type TriggerType,
  triggerTypes,
} from '../../schemas/triggers.js';
import { parseRemoteLocation } from '../git/remote-location.js';
import { hasExpression } from '../runtime/expressions/index.js';
import { nearestName } from '../runtime/expressions/nearest.js';
import { plainProblems } from '../runtime/properties.js';
import { checkConditions } from './check-conditions.js';
import { checkInputs } from './check-inputs.js';
import { checkCron } from './schedule/check-cron.js';
import { type TriggerProblem, wrong } from './trigger-problem.js';

/** A trigger as it stands in a flow. */
export type TriggerDefinition = NonNullable<FlowDefinition['triggers']>[number];

/** Everything there is to tell about one trigger of a flow, before anything is rendered. */
export function checkTrigger(
  trigger: TriggerDefinition,
  flow: Pick<FlowDefinition, 'inputs'>,
): TriggerProblem[] {
  const type = findTriggerType(trigger.type);
  if (type === null) return [unknownType(trigger.type)];
  const given = withoutNulls(trigger);
  const mistakes = plainProblems(type.properties, given, 'trigger');
  if (mistakes.length > 0) return mistakes.map(({ path, message }) => wrong(path, message));
  const data = type.properties.parse(given);
  return [
    ...ignoredProperties(type, given),
    ...checkFurther(type, data),
    ...checkConditions(data.conditions ?? [], ['conditions']),
    ...checkInputs(data.inputs ?? {}, flow.inputs ?? []),
  ];
}

/** A key without a value counts as not given, as everywhere in a flow. */
export function withoutNulls(trigger: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(trigger).filter(([, value]) => value !== null));
}

function checkFurther({ type }: TriggerType, data: z.output<TriggerType['properties']>): TriggerProblem[] {
  switch (type) {
    case 'core.trigger.Schedule': {
      const schedule = data as ScheduleTrigger;
      return [
        ...checkCron(schedule),
        ...checkConditions(schedule.scheduleConditions ?? [], ['scheduleConditions']),
      ];
    }
    case 'git.trigger.Push':
      return checkPush(data as PushTrigger);
    case 'core.trigger.Webhook':
      return [];
  }
}

function checkPush({ url, branches }: PushTrigger): TriggerProblem[] {
  const problems: TriggerProblem[] = [];
  if (!hasExpression(url) && parseRemoteLocation(url) === null) {
    problems.push(
      wrong(['url'], 'must be the address of a repository, such as https://github.com/company/flows'),
    );
  }
  if (branches.length === 0) problems.push(wrong(['branches'], 'must not be empty'));
  return problems;
}

/** Other engines have more triggers: one that flowgit does not have is listed, and not run. */
function unknownType(name: string): TriggerProblem {
  const nearest = nearestName(
    name,
    triggerTypes.flatMap(({ spellings }) => [...spellings]),
  );
  const last = (type: string) => type.slice(type.lastIndexOf('.') + 1);
  // Types have long beginnings in common, so their last parts have to be similar as well.
  const isMeant = nearest !== null && nearestName(last(name), [last(nearest)]) !== null;
  const hint = isMeant ? `; did you mean ${nearest}?` : '';
  const message = `flowgit does not have the trigger type ${name}, and does not run it${hint}`;
  return { severity: 'warning', path: ['type'], message, stops: true };
}

function ignoredProperties(type: TriggerType, given: Readonly<Record<string, unknown>>): TriggerProblem[] {
  return Object.entries(type.properties.shape).flatMap(([name, property]): TriggerProblem[] => {
    if (given[name] === undefined || (property as z.ZodType).meta()?.ignored !== true) return [];
    const message = 'is not used by flowgit: the trigger is run without it';
    return [{ severity: 'warning', path: [name], message, stops: false }];
  });
}
