import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import type { RunContext } from '../../src/runtime/context.js';
import { childrenOf } from '../../src/runtime/flow-context.js';
import { isTruthy } from '../../src/runtime/render-value.js';
import { Task } from '../../src/runtime/task.js';
import { handlerNames, handlers, handlersOf, taskList } from './children-properties.js';

const thenBranch = 'then' as const;

const properties = strictObject(() => ({
  condition: z
    .unknown()
    .describe('What is asked. `false`, `0`, nothing and empty text are false; all else is true.'),
  [thenBranch]: taskList().min(1).describe('Tasks to run when the condition is true.'),
  else: taskList().optional().describe('Tasks to run when it is false.'),
  ...handlers,
}));

const output = strictObject(() => ({
  evaluationResult: z.boolean().describe('What the condition came to.'),
}));

/** Runs one of two lists of tasks. */
export class If extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.If';
  static readonly aliases = ['io.kestra.core.tasks.flows.If'];
  static readonly title = 'Run tasks when a condition holds, and others when it does not.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['then', 'else', ...handlerNames];
  static readonly examples = [
    {
      title: 'Choose by an input.',
      flow: `id: choose
namespace: company.team

inputs:
  - id: loud
    type: BOOL
    defaults: true

tasks:
  - id: volume
    type: core.flow.If
    condition: "{{ inputs.loud }}"
    then:
      - id: shout
        type: core.log.Log
        message: HELLO
    else:
      - id: whisper
        type: core.log.Log
        message: hello
`,
    },
  ];

  async run(context: RunContext) {
    const { condition, then: whenTrue, else: whenFalse = [], ...rest } = await this.resolve(context);
    const evaluationResult = isTruthy(condition);
    await childrenOf(context).run([{ tasks: evaluationResult ? whenTrue : whenFalse }], handlersOf(rest));
    return { evaluationResult };
  }
}
