import * as z from 'zod';
import { inputDefinition } from '../../schemas/flow.js';
import { strictObject } from '../../schemas/lazy-object.js';
import { duration } from '../../schemas/property.js';
import type { RunContext } from '../../src/runtime/context.js';
import { pauseBehaviors, pauseOf } from '../../src/runtime/pause.js';
import { Task } from '../../src/runtime/task.js';

const properties = strictObject(() => ({
  pauseDuration: duration()
    .optional()
    .describe('How long to wait (ISO 8601). Without one, until somebody resumes the execution.'),
  delay: duration().optional().describe('Older name of `pauseDuration`.'),
  behavior: z
    .string()
    .toUpperCase()
    .pipe(z.enum(pauseBehaviors))
    .default('RESUME')
    .describe(
      'What becomes of the execution when the time is over: `RESUME`, `WARN` (go on with a warning), `CANCEL` or `FAIL`.',
    ),
  onResume: z
    .array(inputDefinition)
    .default([])
    .describe('Inputs that whoever resumes the execution gives; later tasks read them as outputs.'),
}));

const output = strictObject(() => ({
  onResume: z.record(z.string(), z.unknown()).describe('What whoever resumed the execution gave.'),
}));

/** Makes an execution wait. */
export class Pause extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.Pause';
  static readonly aliases = ['io.kestra.core.tasks.flows.Pause'];
  static readonly title = 'Wait for somebody to resume the execution, or for some time.';
  static readonly description =
    'On a server the execution is PAUSED, also over restarts, until it is resumed through the API or its time is over; ' +
    'with `timeout`, it fails then. Tasks that ended before are not run again, and files in working directories are ' +
    'gone. What later tasks see of earlier outputs has its secrets masked. `flowgit run` waits for the duration, or ' +
    'asks on the terminal. A dry run does not wait.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['onResume'];
  static readonly examples = [
    {
      title: 'Wait a quarter of an hour before the last step, for somebody to cancel it.',
      flow: `id: time_to_object
namespace: company.team

tasks:
  - id: announce
    type: core.log.Log
    message: It is done in fifteen minutes.

  - id: wait
    type: core.flow.Pause
    pauseDuration: PT15M

  - id: last_step
    type: core.log.Log
    message: Done.
`,
    },
  ];

  async run(context: RunContext) {
    const { pauseDuration, delay, behavior, onResume } = await this.resolve(context);
    const durationMs = pauseDuration ?? delay ?? null;
    return { onResume: { ...(await pauseOf(context)({ durationMs, behavior, onResume })) } };
  }
}
