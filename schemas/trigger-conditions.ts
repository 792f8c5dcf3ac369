import * as z from 'zod';

const weekday = z.enum(['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY']);
const dateTime = z.iso.datetime({
  offset: true,
  error: 'must be a time with its offset, such as 2026-01-31T08:00:00Z',
});
const timeOfDay = z
  .string()
  .regex(
    /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/,
    'must be a time of day with its offset, such as 16:20:00+02:00',
  );

const core = { type: z.string().min(1) };
const dated = { ...core, date: z.string().default('{{ trigger.date }}') };
const list = z.array(z.looseObject(core)).min(1);
const hasBound = ({ after, before }: { after?: string | undefined; before?: string | undefined }) =>
  after !== undefined || before !== undefined;
const needsBound = { error: 'needs "after", "before" or both' };

/** The conditions flowgit has, by the last part of their type, with what each takes. */
export const triggerConditions = {
  DayWeek: z.strictObject({ ...dated, dayOfWeek: weekday }),
  DayWeekInMonth: z.strictObject({
    ...dated,
    dayOfWeek: weekday,
    dayInMonth: z.enum(['FIRST', 'SECOND', 'THIRD', 'FOURTH', 'LAST']),
  }),
  Weekend: z.strictObject(dated),
  DateTimeBetween: z
    .strictObject({ ...dated, after: dateTime.optional(), before: dateTime.optional() })
    .refine(hasBound, needsBound),
  TimeBetween: z
    .strictObject({ ...dated, after: timeOfDay.optional(), before: timeOfDay.optional() })
    .refine(hasBound, needsBound),
  Expression: z.strictObject({ ...core, expression: z.string().min(1) }),
  Not: z.strictObject({ ...core, conditions: list }),
  Or: z.strictObject({ ...core, conditions: list }),
} as const;
export type ConditionName = keyof typeof triggerConditions;

/** Where Kestra keeps its conditions, now and formerly. */
const prefixes = [
  'io.kestra.plugin.core.condition.',
  'core.condition.',
  'io.kestra.core.models.conditions.types.',
  '',
];

/** Which condition a type names, with or without the `Condition` that older names end in; null for others. */
export function findCondition(type: string): ConditionName | null {
  const prefix = prefixes.find((one) => type.startsWith(one)) ?? '';
  const name = type.slice(prefix.length).replace(/Condition$/, '');
  return Object.hasOwn(triggerConditions, name) ? (name as ConditionName) : null;
}
