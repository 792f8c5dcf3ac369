import * as z from 'zod';
import { outputDefinition } from '../../schemas/flow.js';
import { strictObject } from '../../schemas/lazy-object.js';
import { integer } from '../../schemas/property.js';
import type { RunContext } from '../../src/runtime/context.js';
import type { ExpressionScope } from '../../src/runtime/expressions/index.js';
import { type Branch, childrenOf } from '../../src/runtime/flow-context.js';
import { renderValue } from '../../src/runtime/render-value.js';
import { Task } from '../../src/runtime/task.js';
import { handlerNames, handlers, handlersOf, taskList } from './children-properties.js';
import { iterationValues, listValues, printValue } from './iteration-values.js';

const properties = strictObject(() => ({
  values: iterationValues().describe('A list, a map, or either as JSON text.'),
  concurrencyLimit: integer(0).default(1).describe('How many iterations run at once; 0 means all.'),
  tasks: taskList().min(1).describe('The tasks of an iteration, in the order they run.'),
  outputs: z
    .array(outputDefinition)
    .default([])
    .describe('What each iteration hands out; rendered at its end, inside it.'),
  ...handlers,
}));

const output = strictObject(() => ({
  iterations: z.int().describe('How many iterations there were.'),
  outputs: z
    .array(z.record(z.string(), z.unknown()))
    .describe('What each iteration handed out, in the order of the values.'),
}));

/** Runs a list of tasks once for each value, each time in a context of its own. */
export class Loop extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.Loop';
  static readonly title = 'Run tasks once for each value, each time in a context of its own.';
  static readonly description =
    'The tasks, however deep, see `item.value`, `item.index` and, for a map, `item.key`. A value that is no text is ' +
    'given as JSON. Outputs of the tasks are read inside an iteration by task id alone, and outside of the loop not ' +
    'at all but for `outputs`.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['tasks', 'outputs', ...handlerNames];
  static readonly examples = [
    {
      title: 'Collect a value from each iteration.',
      flow: `id: loop_over_regions
namespace: company.team

tasks:
  - id: loop
    type: core.flow.Loop
    values: [north, south, west]
    concurrencyLimit: 0
    tasks:
      - id: name
        type: core.debug.Return
        format: "{{ item.index }}: {{ item.value }}"
    outputs:
      - id: name
        value: "{{ outputs.name.value }}"

  - id: last
    type: core.log.Log
    message: "{{ outputs.loop.outputs[2].name }}"
`,
    },
  ];

  async run(context: RunContext) {
    const { values, concurrencyLimit, tasks, outputs, ...rest } = await this.resolve(context);
    const collected: Record<string, unknown>[] = [];
    const branches = listValues(values).map(
      ({ value, key }, index): Branch => ({
        tasks,
        item: { value: printValue(value), index, ...(key !== undefined && { key }) },
        collect: async (scope) => {
          collected[index] = await collect(outputs, scope);
        },
      }),
    );
    await childrenOf(context).run(branches, { ...handlersOf(rest), concurrencyLimit });
    return { iterations: branches.length, outputs: collected };
  }
}

async function collect(
  outputs: readonly { id: string; value: unknown }[],
  scope: ExpressionScope,
): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const { id, value } of outputs) values[id] = await renderValue(value, scope, `outputs.${id}`);
  return values;
}
