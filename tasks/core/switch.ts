import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import type { RunContext } from '../../src/runtime/context.js';
import { childrenOf } from '../../src/runtime/flow-context.js';
import { Task } from '../../src/runtime/task.js';
import { handlerNames, handlers, handlersOf, taskList } from './children-properties.js';
import { renderText } from './render-text.js';

const properties = strictObject(() => ({
  value: z.unknown().describe('What is compared, as text, with the names of the cases.'),
  cases: z.record(z.string(), taskList()).default({}).describe('Tasks by value.'),
  defaults: taskList().optional().describe('Tasks to run when no case matches.'),
  ...handlers,
}));

const output = strictObject(() => ({
  value: z.string().describe('The rendered value.'),
  defaults: z.boolean().describe('Whether no case matched.'),
}));

/** Runs the list of tasks that a value chooses. */
export class Switch extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.Switch';
  static readonly aliases = ['io.kestra.core.tasks.flows.Switch'];
  static readonly title = 'Run the tasks of the case that matches a value.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['value', 'cases', 'defaults', ...handlerNames];
  static readonly examples = [
    {
      title: 'Choose by the value of an input.',
      flow: `id: by_environment
namespace: company.team

inputs:
  - id: environment
    type: SELECT
    values: [dev, prod]
    defaults: dev

tasks:
  - id: choose
    type: core.flow.Switch
    value: "{{ inputs.environment }}"
    cases:
      prod:
        - id: careful
          type: core.log.Log
          message: Careful now.
    defaults:
      - id: relaxed
        type: core.log.Log
        message: Nothing can go wrong.
`,
    },
  ];

  async run(context: RunContext) {
    const { value: source, cases, defaults = [], ...rest } = await this.resolve(context);
    const value = await renderText(source, context, 'value');
    const chosen = Object.hasOwn(cases, value) ? cases[value] : undefined;
    await childrenOf(context).run([{ tasks: chosen ?? defaults }], handlersOf(rest));
    return { value, defaults: chosen === undefined };
  }
}
