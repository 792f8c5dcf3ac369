import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import type { RunContext } from '../../src/runtime/context.js';
import { Task } from '../../src/runtime/task.js';
import { renderText } from './render-text.js';

const levels = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

const properties = strictObject(() => ({
  message: z
    .union([z.string(), z.number(), z.boolean(), z.array(z.unknown())])
    .describe('The text, or several that are logged one after the other.'),
  level: z
    .string()
    .toUpperCase()
    .pipe(z.enum(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR']))
    .default('INFO')
    .describe('`TRACE`, `DEBUG`, `INFO`, `WARN` or `ERROR`.'),
}));

const output = z.strictObject({});

/** Writes to the log. */
export class Log extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.log.Log';
  static readonly aliases = ['io.kestra.core.tasks.log.Log'];
  static readonly title = 'Write a message to the log.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['message'];
  static readonly examples = [
    {
      title: 'Log a greeting at the level of warnings.',
      flow: `id: greet
namespace: company.team

inputs:
  - id: name
    type: STRING
    defaults: world

tasks:
  - id: hello
    type: core.log.Log
    message: "Hello {{ inputs.name }}"
    level: WARN
`,
    },
    {
      title: 'Log several messages.',
      flow: `id: several
namespace: company.team

tasks:
  - id: progress
    type: core.log.Log
    message:
      - "Flow {{ flow.id }} runs in {{ flow.namespace }}."
      - Nothing else happens here.
`,
    },
  ];

  async run(context: RunContext) {
    const { message, level } = await this.resolve(context);
    for (const one of Array.isArray(message) ? message : [message]) {
      context.logger[levels[level]]({}, await renderText(one, context, 'message'));
    }
    return {};
  }
}
