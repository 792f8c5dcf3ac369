import type { Command } from '../command.js';

/** `flowgit validate PATH…` */
export const validate: Command = {
  name: 'validate',
  arguments: 'PATH…',
  arity: { min: 1, max: Number.POSITIVE_INFINITY },
  summary: 'Check flow files',
  description:
    'Checks flow files, and all .yml and .yaml files below directories: the YAML, the flow, the properties of the tasks and triggers that flowgit has, and every expression. Prints file:line:col: message and exits with 1 when a file is invalid. A task, trigger or condition type that flowgit does not have is a warning.',
  options: [],
  examples: ['flowgit validate sync.yml', 'flowgit validate flows/ --json'],
  async run(session, args) {
    const { validateFiles } = await import('../validation/validate-files.js');
    return validateFiles(session, args.positionals);
  },
};
