import type { z } from 'zod';
import type { FlowDefinition } from '../../schemas/flow.js';
import { plainMessages } from '../../schemas/plain-messages.js';
import {
  findTriggerType,
  type PushTrigger,
  pushTrigger,
  type ScheduleTrigger,
  scheduleTrigger,
  type WebhookTrigger,
  webhookTrigger,
} from '../../schemas/triggers.js';
import { checkConditions } from './conditions.js';
import type { StoredFlow } from './types.js';

/** What of a flow's triggers can start it. */
export interface FlowTriggers {
  schedules: readonly ScheduleTrigger[];
  webhooks: readonly WebhookTrigger[];
  pushes: readonly PushTrigger[];
}

const none: FlowTriggers = { schedules: [], webhooks: [], pushes: [] };
const cache = new WeakMap<FlowDefinition, FlowTriggers>();

/**
 * The triggers that may start a flow: not those that are disabled, of types or with conditions that flowgit does not
 * have, or invalid, which is for `flowgit validate` to tell; and none of a flow that is disabled or cannot be run.
 */
export function triggersOf({ definition, unknownTypes }: StoredFlow): FlowTriggers {
  if (unknownTypes.length > 0 || definition.disabled === true) return none;
  const known = cache.get(definition);
  if (known !== undefined) return known;
  const triggers = definition.triggers ?? [];
  const ofType = <S extends z.ZodType<{ disabled: boolean; conditions?: { type: string }[] | undefined }>>(
    schema: S,
  ): z.output<S>[] =>
    triggers.flatMap((trigger) => {
      if (findTriggerType(trigger.type)?.properties !== (schema as unknown)) return [];
      const { data } = schema.safeParse(withoutNulls(trigger), { error: plainMessages });
      if (data === undefined || data.disabled) return [];
      return checkConditions(data.conditions ?? []).length === 0 ? [data] : [];
    });
  const found = {
    schedules: ofType(scheduleTrigger),
    webhooks: ofType(webhookTrigger),
    pushes: ofType(pushTrigger),
  };
  cache.set(definition, found);
  return found;
}

/** A key without a value counts as not given, as everywhere in a flow. */
export function withoutNulls(trigger: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(trigger).filter(([, value]) => value !== null));
}
