import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import type { RunContext } from '../../src/runtime/context.js';
import { Task } from '../../src/runtime/task.js';

const properties = strictObject(() => ({
  values: z.record(z.string(), z.unknown()).describe('Names and values; expressions keep their types.'),
}));

const output = strictObject(() => ({
  values: z.record(z.string(), z.unknown()).describe('The rendered values.'),
}));

/** Hands rendered values to later tasks. */
export class OutputValues extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.output.OutputValues';
  static readonly title = 'Return rendered values as outputs.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly examples = [
    {
      title: 'Collect values, and hand one out of the flow.',
      flow: `id: collect
namespace: company.team

tasks:
  - id: facts
    type: core.output.OutputValues
    values:
      flow: "{{ flow.id }}"
      count: "{{ 2 + 3 }}"

outputs:
  - id: count
    type: INT
    value: "{{ outputs.facts.values.count }}"
`,
    },
  ];

  async run(context: RunContext) {
    const { values } = await this.resolve(context);
    return { values };
  }
}
