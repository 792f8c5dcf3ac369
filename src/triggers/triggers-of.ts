import type * as z from 'zod';
import type { FlowDefinition } from '../../schemas/flow.js';
import {
  findTriggerType,
  type PushTrigger,
  pushTrigger,
  type ScheduleTrigger,
  scheduleTrigger,
  type WebhookTrigger,
  webhookTrigger,
} from '../../schemas/triggers.js';
import { formatPath } from '../runtime/properties.js';
import { checkTrigger, type TriggerDefinition, withoutNulls } from './check-trigger.js';
import type { StoredFlow } from './types.js';

/** What can start a flow, and what of its triggers cannot. */
export interface FlowTriggers {
  schedules: readonly ScheduleTrigger[];
  webhooks: readonly WebhookTrigger[];
  pushes: readonly PushTrigger[];
  idle: readonly IdleTrigger[];
}

/** A trigger that starts nothing. */
export interface IdleTrigger {
  id: string;
  type: string;
  /** `disabled` is as somebody wanted it, `unknown` is for another engine, `invalid` is a mistake. */
  cause: 'disabled' | 'unknown' | 'invalid';
  reason: string;
}

const cache = new WeakMap<FlowDefinition, FlowTriggers>();

/**
 * The triggers of a flow. Those start nothing that are disabled, of types or with conditions that flowgit does not have,
 * or invalid; nor does any of a flow that is disabled or has tasks that the engine lacks.
 */
export function triggersOf({ definition, unknownTypes }: StoredFlow): FlowTriggers {
  const known = cache.get(definition);
  if (known !== undefined) return known;
  const triggers = (definition.triggers ?? []).map((trigger) => ({
    trigger,
    idle: whyIdle(trigger, definition, unknownTypes),
  }));
  const running = triggers.filter(({ idle }) => idle === null).map(({ trigger }) => trigger);
  const found = {
    schedules: ofType(running, scheduleTrigger),
    webhooks: ofType(running, webhookTrigger),
    pushes: ofType(running, pushTrigger),
    idle: triggers.flatMap(({ idle }) => idle ?? []),
  };
  cache.set(definition, found);
  return found;
}

function ofType<S extends z.ZodObject>(triggers: readonly TriggerDefinition[], schema: S): z.output<S>[] {
  return triggers
    .filter(({ type }) => findTriggerType(type)?.properties === (schema as unknown))
    .map((trigger) => schema.parse(withoutNulls(trigger)));
}

/** Null for a trigger that is run. */
function whyIdle(
  trigger: TriggerDefinition,
  flow: FlowDefinition,
  unknownTypes: readonly string[],
): IdleTrigger | null {
  const { id, type } = trigger;
  const stopping = checkTrigger(trigger, flow).filter(({ stops }) => stops);
  if (stopping.length > 0) {
    const cause = stopping.some(({ severity }) => severity === 'error') ? 'invalid' : 'unknown';
    const reason = stopping.map(({ path, message }) =>
      path.at(-1) === 'type' ? message : `${formatPath(path)} ${message}`,
    );
    return { id, type, cause, reason: reason.join('; ') };
  }
  if (trigger.disabled === true || trigger.disabled === 'true') {
    return { id, type, cause: 'disabled', reason: 'the trigger is disabled' };
  }
  if (flow.disabled === true) return { id, type, cause: 'disabled', reason: 'the flow is disabled' };
  if (unknownTypes.length === 0) return null;
  const reason = `the flow has tasks that this engine does not have: ${unknownTypes.join(', ')}`;
  return { id, type, cause: 'unknown', reason };
}
