import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import type { RunContext } from '../../src/runtime/context.js';
import { Task } from '../../src/runtime/task.js';
import { renderText } from './render-text.js';

const properties = strictObject(() => ({
  format: z.unknown().optional().describe('The text to return, usually with expressions.'),
}));

const output = strictObject(() => ({
  value: z.string().nullable().describe('The rendered text; null without a format.'),
}));

/** Returns a rendered text as its output. */
export class Return extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.debug.Return';
  static readonly aliases = ['io.kestra.core.tasks.debugs.Return'];
  static readonly title = 'Return a rendered text as an output.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['format'];
  static readonly examples = [
    {
      title: 'Make a text that later tasks read as `outputs.branch.value`.',
      flow: `id: name_a_branch
namespace: company.team

tasks:
  - id: branch
    type: core.debug.Return
    format: "release/{{ flow.id }}"

  - id: show
    type: core.log.Log
    message: "{{ outputs.branch.value }}"
`,
    },
  ];

  async run(context: RunContext) {
    const { format } = await this.resolve(context);
    return { value: format === undefined ? null : await renderText(format, context, 'format') };
  }
}
