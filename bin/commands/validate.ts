import type { Command } from '../command.js';
import { UsageError } from '../usage-error.js';

/** `flowgit validate PATH…` */
export const validate: Command = {
  name: 'validate',
  arguments: '[PATH…]',
  arity: { min: 0, max: Number.POSITIVE_INFINITY },
  summary: 'Check flow files',
  description:
    'Checks flow files, and all .yml and .yaml files below directories: the YAML, the flow, the properties of the tasks and triggers that flowgit has, and every expression. Prints file:line:col: message and exits with 1 when a file is invalid. A task, trigger or condition type that flowgit does not have is a warning.',
  options: [{ name: 'stored', description: 'Check the flows in storage' }],
  examples: ['flowgit validate sync.yml', 'flowgit validate flows/ --json', 'flowgit validate --stored'],
  async run(session, args) {
    if (args.switches.has('stored') === args.positionals.length > 0) {
      throw new UsageError('Give the paths of flow files, or --stored.');
    }
    const { validateFiles, validateStored } = await import('../validation/validate-files.js');
    return args.positionals.length > 0 ? validateFiles(session, args.positionals) : validateStored(session);
  },
};
