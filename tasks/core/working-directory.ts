import * as z from 'zod';
import { strictObject } from '../../schemas/lazy-object.js';
import { bool, stringList } from '../../schemas/property.js';
import type { RunContext } from '../../src/runtime/context.js';
import { childrenOf } from '../../src/runtime/flow-context.js';
import { writeInputFiles } from '../../src/runtime/input-files.js';
import { writeNamespaceFiles } from '../../src/runtime/namespace-files.js';
import { storeOutputFiles } from '../../src/runtime/output-files.js';
import { Task } from '../../src/runtime/task.js';
import { handlerNames, handlers, handlersOf, taskList } from './children-properties.js';

const properties = strictObject(() => ({
  tasks: taskList().min(1).describe('The tasks that share the directory, in the order they run.'),
  inputFiles: z
    .union([z.record(z.string(), z.unknown()), z.string()])
    .optional()
    .describe('Files to begin with: path to content or to the URI of a file, as a map or as JSON text.'),
  outputFiles: stringList().default([]).describe('Globs of files to keep.'),
  namespaceFiles: z
    .object({
      enabled: bool().default(true),
      include: stringList().default([]).describe('Globs of the files to bring; all by default.'),
      exclude: stringList().default([]).describe('Globs of the files to leave out.'),
      namespaces: stringList()
        .optional()
        .describe("Namespaces to bring files of; the flow's own by default."),
    })
    .optional()
    .describe('Files of a namespace to begin with.'),
  cache: z.unknown().optional().describe('Accepted and passed over: nothing is kept between runs.'),
  ...handlers,
}));

const output = strictObject(() => ({
  outputFiles: z.record(z.string(), z.string()).describe('The URI of each file that was kept, by its path.'),
}));

/** Runs tasks one after the other in one directory. */
export class WorkingDirectory extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'core.flow.WorkingDirectory';
  static readonly aliases = ['io.kestra.core.tasks.flows.WorkingDirectory'];
  static readonly title = 'Run tasks that share one working directory.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly unrendered = ['tasks', ...handlerNames];
  static readonly examples = [
    {
      title: 'Begin with a file, and keep what is there at the end.',
      flow: `id: shared_directory
namespace: company.team

tasks:
  - id: workspace
    type: core.flow.WorkingDirectory
    inputFiles:
      queries/total.sql: SELECT 42
    outputFiles:
      - "**/*.sql"
    tasks:
      - id: show
        type: core.log.Log
        message: "{{ read('queries/total.sql') }}"

  - id: kept
    type: core.log.Log
    message: "{{ read(outputs.workspace.outputFiles['queries/total.sql']) }}"
`,
    },
  ];

  async run(context: RunContext) {
    const { tasks, inputFiles, outputFiles, namespaceFiles, cache, ...rest } = await this.resolve(context);
    const children = childrenOf(context);
    const directory = children.separateDirectory();
    if (cache !== undefined) context.logger.debug({}, 'cache passed over: nothing is kept between runs');
    if (namespaceFiles?.enabled) await writeNamespaceFiles(context, directory, namespaceFiles);
    if (inputFiles !== undefined) await writeInputFiles(context, directory, inputFiles);
    await children.run([{ tasks }], { ...handlersOf(rest), workingDirectory: directory });
    return { outputFiles: await storeOutputFiles(context, directory, outputFiles) };
  }
}
