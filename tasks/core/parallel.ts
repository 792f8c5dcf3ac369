import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import { integer } from '../../schemas/property.js';
import type { RunContext } from '../../src/runtime/context.js';
import { childrenOf } from '../../src/runtime/flow-context.js';
import { Task } from '../../src/runtime/task.js';
import { handlerNames, handlers, handlersOf, taskList } from './children-properties.js';

const properties = strictObject(() => ({
  tasks: taskList().min(1).describe('The tasks that run at the same time.'),
  concurrent: integer(0).default(0).describe('How many run at once; 0 means all.'),
  ...handlers,
}));

const output = z.strictObject({});

/** Runs tasks at the same time. */
export class Parallel extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.Parallel';
  static readonly aliases = ['io.kestra.core.tasks.flows.Parallel'];
  static readonly title = 'Run tasks at the same time.';
  static readonly description =
    'When one fails, the ones that run go on to their end and no further one starts.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['tasks', ...handlerNames];
  static readonly examples = [
    {
      title: 'Run three tasks, two at a time.',
      flow: `id: at_once
namespace: company.team

tasks:
  - id: parallel
    type: core.flow.Parallel
    concurrent: 2
    tasks:
      - id: north
        type: core.log.Log
        message: north
      - id: south
        type: core.log.Log
        message: south
      - id: west
        type: core.log.Log
        message: west
`,
    },
  ];

  async run(context: RunContext) {
    const { tasks, concurrent, ...rest } = await this.resolve(context);
    const branches = tasks.map((task) => ({ tasks: [task] }));
    await childrenOf(context).run(branches, { ...handlersOf(rest), concurrencyLimit: concurrent });
    return {};
  }
}
