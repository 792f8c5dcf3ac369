import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import { integer } from '../../schemas/property.js';
import { InvalidPropertiesError } from '../../src/errors.js';
import type { RunContext } from '../../src/runtime/context.js';
import { childrenOf } from '../../src/runtime/flow-context.js';
import { Task } from '../../src/runtime/task.js';
import { handlerNames, handlers, handlersOf, taskList } from './children-properties.js';
import { type IterationValue, iterationValues, listValues, printValue } from './iteration-values.js';

const properties = strictObject(() => ({
  values: iterationValues().optional().describe('A list, a map, or either as JSON text.'),
  value: iterationValues().optional().describe('Older name of `values`.'),
  concurrencyLimit: integer(0).default(1).describe('How many values are worked on at once; 0 means all.'),
  tasks: taskList().min(1).describe('The tasks for each value, in the order they run.'),
  ...handlers,
}));

const output = z.strictObject({});

/** Runs a list of tasks once for each value. */
export class ForEach extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.ForEach';
  static readonly aliases = ['core.flow.EachSequential', 'io.kestra.core.tasks.flows.EachSequential'];
  static readonly title = 'Run tasks once for each value of a list.';
  static readonly description =
    'The tasks see the value as `taskrun.value` and its number as `taskrun.iteration`; tasks nested deeper see ' +
    '`parent.taskrun.value`. A value that is no text is given as JSON. Outputs are kept by value: ' +
    '`outputs.task[taskrun.value]`.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['tasks', ...handlerNames];
  static readonly examples = [
    {
      title: 'Work on two values at a time, and use the output of a task beside.',
      flow: `id: each_region
namespace: company.team

tasks:
  - id: regions
    type: core.flow.ForEach
    values: [north, south, west]
    concurrencyLimit: 2
    tasks:
      - id: name
        type: core.debug.Return
        format: "region {{ taskrun.value }}"
      - id: show
        type: core.log.Log
        message: "{{ taskrun.iteration }}: {{ outputs.name[taskrun.value].value }}"
`,
    },
  ];

  async run(context: RunContext) {
    const { values, value, concurrencyLimit, tasks, ...rest } = await this.resolve(context);
    const given = values ?? value;
    if (given === undefined) throw new InvalidPropertiesError('"values" is required.');
    const branches = listValues(given).map((one, iteration) => ({
      tasks,
      value: printValue(shown(one)),
      iteration,
    }));
    await childrenOf(context).run(branches, { ...handlersOf(rest), concurrencyLimit });
    return {};
  }
}

/** An entry of a map goes round as both its parts. */
function shown({ key, value }: IterationValue): unknown {
  return key === undefined ? value : { key, value };
}
