import * as z from 'zod';
import { secret } from './connection.js';
import { bool, duration, stringList } from './property.js';
import { triggerConditions } from './trigger-conditions.js';

/** A condition of whatever type; trigger-conditions.ts has those that flowgit understands. */
const condition = z.looseObject({ type: z.string().min(1) });
export type TriggerCondition = z.output<typeof condition>;

/** What Kestra's triggers also take, where leaving it out starts the same runs. */
const unused = () => z.unknown().optional();

/** The same where a run, or the answer to a call, would be another one: `flowgit validate` warns of it. */
const ignored = () => z.unknown().optional().describe('Not used by flowgit.').meta({ ignored: true });

/** What every trigger takes. */
const core = {
  id: z.string().min(1).describe("The trigger's id, unique in its flow."),
  type: z.string().min(1).describe('The trigger type, canonical or its Kestra alias.'),
  description: z.string().optional(),
  disabled: bool().default(false).describe('The trigger starts nothing.'),
  inputs: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Inputs of the run; expressions see `trigger`, `flow` and `vars`.'),
  conditions: z
    .array(condition)
    .optional()
    .describe(`All have to hold. flowgit has ${Object.keys(triggerConditions).join(', ')}.`),
  when: z.string().min(1).optional().describe('An expression that has to be true, beside `conditions`.'),
  labels: ignored(),
  stopAfter: ignored(),
  logLevel: unused(),
  logToFile: unused(),
  workerGroup: unused(),
  version: unused(),
  failOnTriggerError: unused(),
  allowConcurrent: unused(),
};

export const scheduleTrigger = z.strictObject({
  ...core,
  cron: z
    .string()
    .min(1)
    .describe('`minute hour day month weekday`, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.'),
  withSeconds: bool().default(false).describe('`cron` begins with a field for seconds.'),
  timezone: z
    .string()
    .min(1)
    .optional()
    .describe("IANA name such as `Europe/Paris`; the server's default (UTC) when absent."),
  recoverMissedSchedules: z
    .enum(['ALL', 'LAST', 'NONE'])
    .optional()
    .describe(
      'What is run of the times that passed while no server did: by default all; the last, if the flow has git tasks.',
    ),
  lateMaximumDelay: duration().optional().describe('A time that is later than this is not run any more.'),
  scheduleConditions: z.array(condition).optional().describe('Older name of `conditions`.'),
  backfill: unused(),
});
export type ScheduleTrigger = z.output<typeof scheduleTrigger>;

export const webhookTrigger = z.strictObject({
  ...core,
  key: z
    .string()
    .min(1)
    .max(256)
    .describe("The last part of the webhook's address, and its password: `{{ secret('WEBHOOK_KEY') }}`.")
    .meta(secret),
  wait: ignored(),
  returnOutputs: ignored(),
  responseContentType: ignored(),
  responseCode: ignored(),
  fetchType: unused(),
});
export type WebhookTrigger = z.output<typeof webhookTrigger>;

export const gitHosts = ['github', 'gitlab', 'gitea', 'bitbucket'] as const;
export const gitHost = z.enum(gitHosts);
export type GitHost = (typeof gitHosts)[number];

export const pushTrigger = z.strictObject({
  ...core,
  provider: gitHost.describe('Whose webhook it is; Forgejo is `gitea`.'),
  url: z.string().min(1).describe('The repository, in any form that git takes.'),
  branches: stringList().default(['main']).describe('Globs of the branches whose pushes count.'),
  paths: stringList()
    .optional()
    .describe(
      'Globs of paths, or directories: a push that changes nothing there starts nothing. Without it every push counts.',
    ),
  secret: z
    .string()
    .min(1)
    .describe("The webhook's secret, as the host was given it: `{{ secret('GITHUB_WEBHOOK') }}`.")
    .meta(secret),
});
export type PushTrigger = z.output<typeof pushTrigger>;

/** The trigger types flowgit has, with every spelling of each. */
export const triggerTypes = [
  {
    type: 'core.trigger.Schedule',
    spellings: [
      'io.kestra.plugin.core.trigger.Schedule',
      'core.trigger.Schedule',
      'io.kestra.core.models.triggers.types.Schedule',
    ],
    title: 'Start the flow at the times of a cron expression.',
    properties: scheduleTrigger,
  },
  {
    type: 'core.trigger.Webhook',
    spellings: [
      'io.kestra.plugin.core.trigger.Webhook',
      'core.trigger.Webhook',
      'io.kestra.core.models.triggers.types.Webhook',
    ],
    title: 'Start the flow when somebody calls its address.',
    properties: webhookTrigger,
  },
  {
    type: 'git.trigger.Push',
    spellings: ['git.trigger.Push', 'io.kestra.plugin.git.trigger.Push'],
    title: 'Start the flow when a git host reports a push.',
    properties: pushTrigger,
  },
] as const;

export type TriggerType = (typeof triggerTypes)[number];

/** The trigger type of that name, or null when flowgit has none. */
export function findTriggerType(name: string): TriggerType | null {
  return triggerTypes.find(({ spellings }) => (spellings as readonly string[]).includes(name)) ?? null;
}
