import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import { TaskFailedError } from '../../src/errors.js';
import type { RunContext } from '../../src/runtime/context.js';
import { isTruthy } from '../../src/runtime/render-value.js';
import { Task } from '../../src/runtime/task.js';

const properties = strictObject(() => ({
  condition: z.unknown().optional().describe('Fail only when this renders to a true value.'),
  errorMessage: z.string().default('Task failure').describe('Why it fails.'),
}));

const output = z.strictObject({});

/** Fails the execution on purpose. */
export class Fail extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.execution.Fail';
  static readonly aliases = ['io.kestra.core.tasks.executions.Fail'];
  static readonly title = 'Fail, always or when a condition holds.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly examples = [
    {
      title: 'Refuse to go on outside of office hours.',
      flow: `id: guarded
namespace: company.team

inputs:
  - id: hour
    type: INT
    defaults: 10

tasks:
  - id: office_hours
    type: core.execution.Fail
    condition: "{{ inputs.hour < 8 or inputs.hour > 18 }}"
    errorMessage: "It is {{ inputs.hour }} o'clock, nobody is there."

  - id: go
    type: core.log.Log
    message: Somebody is there.
`,
    },
  ];

  async run(context: RunContext) {
    const conditional = this.source.condition !== undefined && this.source.condition !== null;
    const { condition, errorMessage } = await this.resolve(context);
    if (!conditional || isTruthy(condition)) throw new TaskFailedError(errorMessage);
    return {};
  }
}
