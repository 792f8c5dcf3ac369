import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import type { RunContext } from '../../src/runtime/context.js';
import { childrenOf } from '../../src/runtime/flow-context.js';
import { Task } from '../../src/runtime/task.js';
import { handlerNames, handlers, handlersOf, taskList } from './children-properties.js';

const properties = strictObject(() => ({
  tasks: taskList().min(1).describe('The tasks, in the order they run.'),
  ...handlers,
}));

const output = z.strictObject({});

/** Runs tasks whose failure does not stop the flow. */
export class AllowFailure extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.AllowFailure';
  static readonly aliases = ['io.kestra.core.tasks.flows.AllowFailure'];
  static readonly title =
    'Run tasks one after the other; a failure ends them with a warning and the flow goes on.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['tasks', ...handlerNames];
  static readonly examples = [
    {
      title: 'Go on after a task that fails.',
      flow: `id: go_on
namespace: company.team

tasks:
  - id: try
    type: core.flow.AllowFailure
    tasks:
      - id: breaks
        type: core.execution.Fail
        errorMessage: This is expected.

  - id: after
    type: core.log.Log
    message: The flow ends with a warning.
`,
    },
  ];

  async run(context: RunContext) {
    const { tasks, ...rest } = await this.resolve(context);
    await childrenOf(context).run([{ tasks }], { ...handlersOf(rest), allowFailure: true });
    return {};
  }
}
