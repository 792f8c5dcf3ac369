import { findCondition, triggerConditions } from '../../schemas/trigger-conditions.js';
import type { TriggerCondition } from '../../schemas/triggers.js';
import { plainProblems } from '../runtime/properties.js';
import { type TriggerProblem, wrong } from './trigger-problem.js';

/**
 * What is wrong with conditions. One that flowgit does not have is no mistake, but the trigger is then not run: a
 * condition that is passed over would start too much.
 */
export function checkConditions(
  conditions: readonly TriggerCondition[],
  path: readonly PropertyKey[],
): TriggerProblem[] {
  return conditions.flatMap((condition, index) => checkCondition(condition, [...path, index]));
}

function checkCondition(condition: TriggerCondition, path: readonly PropertyKey[]): TriggerProblem[] {
  const name = findCondition(condition.type);
  if (name === null) {
    const message = `flowgit does not have the condition ${condition.type}, and does not run this trigger`;
    return [{ severity: 'warning', path: [...path, 'type'], message, stops: true }];
  }
  const problems = plainProblems(triggerConditions[name], condition, 'condition').map((problem) =>
    wrong([...path, ...problem.path], problem.message),
  );
  if (problems.length > 0) return problems;
  if (name === 'Not' || name === 'Or') {
    return checkConditions(condition.conditions as TriggerCondition[], [...path, 'conditions']);
  }
  const { date } = condition;
  if (name === 'Expression' || date == null || isTriggerDate(date)) return [];
  const message = 'is not {{ trigger.date }}, which alone flowgit compares: it does not run this trigger';
  return [{ severity: 'warning', path: [...path, 'date'], message, stops: true }];
}

function isTriggerDate(date: unknown): boolean {
  return typeof date === 'string' && /^\{\{\s*trigger\.date\s*\}\}$/.test(date);
}
