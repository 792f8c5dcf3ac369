import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import { integer } from '../../schemas/property.js';
import type { RunContext } from '../../src/runtime/context.js';
import { childrenOf } from '../../src/runtime/flow-context.js';
import { Task } from '../../src/runtime/task.js';
import { handlerNames, handlers, handlersOf, taskList } from './children-properties.js';
import { iterationValues, listValues, printValue } from './iteration-values.js';

const properties = strictObject(() => ({
  value: iterationValues().describe('A list, or one as JSON text.'),
  concurrent: integer(0).default(0).describe('How many tasks run at once; 0 means all.'),
  tasks: taskList().min(1).describe('The tasks for each value, in no order.'),
  ...handlers,
}));

const output = z.strictObject({});

/** Runs every task for every value at the same time. */
export class EachParallel extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.EachParallel';
  static readonly aliases = ['io.kestra.core.tasks.flows.EachParallel'];
  static readonly title = 'Run every task for every value at the same time.';
  static readonly deprecated = 'Use `core.flow.ForEach` with `concurrencyLimit: 0`.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['tasks', ...handlerNames];
  static readonly examples = [
    {
      title: 'Log two values at once.',
      flow: `id: each_parallel
namespace: company.team

tasks:
  - id: each
    type: core.flow.EachParallel
    value: '["one", "two"]'
    tasks:
      - id: show
        type: core.log.Log
        message: "{{ taskrun.value }}"
`,
    },
  ];

  async run(context: RunContext) {
    const { value: values, concurrent, tasks, ...rest } = await this.resolve(context);
    const branches = listValues(values).flatMap(({ value }, iteration) =>
      tasks.map((task) => ({ tasks: [task], value: printValue(value), iteration })),
    );
    await childrenOf(context).run(branches, { ...handlersOf(rest), concurrencyLimit: concurrent });
    return {};
  }
}
