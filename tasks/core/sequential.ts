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

/** Runs tasks one after the other. */
export class Sequential extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.Sequential';
  static readonly aliases = ['io.kestra.core.tasks.flows.Sequential'];
  static readonly title = 'Run tasks one after the other, with handlers of their own.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['tasks', ...handlerNames];
  static readonly examples = [
    {
      title: 'Group tasks, and clean up after them.',
      flow: `id: grouped
namespace: company.team

tasks:
  - id: group
    type: core.flow.Sequential
    tasks:
      - id: first
        type: core.debug.Return
        format: one
      - id: second
        type: core.log.Log
        message: "{{ outputs.first.value }}, two"
    finally:
      - id: clean_up
        type: core.log.Log
        message: Done with the group.
`,
    },
  ];

  async run(context: RunContext) {
    const { tasks, ...rest } = await this.resolve(context);
    await childrenOf(context).run([{ tasks }], handlersOf(rest));
    return {};
  }
}
